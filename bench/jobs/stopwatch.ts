import type { LinearMap } from "../../lib/linear/mod.ts";
import {
  atSites,
  type Block,
  chainHooks,
  type LinearName,
  type OpenModel,
  type SiteHook,
  type SiteName,
  siteNames,
  type Visit,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";

/**
 * The parts of a block. `norms` has the residual additions before them, `quantization` is that at the
 * sites: integer linear maps quantize their inputs themselves.
 */
const operations = [
  "norms",
  "q/k/v",
  "rotary",
  "attention",
  "projection",
  "FC1",
  "activation",
  "FC2",
  "quantization",
] as const;

export type Operation = typeof operations[number];

/** What a block has done when it comes to a site. Attention maps, which may not exist, are not looked at. */
const before: Partial<Record<SiteName, Operation>> = {
  "attn.input": "norms",
  "attn.qBeforeRotary": "rotary",
  "attn.kBeforeRotary": "rotary",
  "attn.q": "q/k/v", // or the rotation of the keys
  "attn.k": "q/k/v",
  "attn.v": "q/k/v",
  "attn.output": "attention",
  "mlp.input": "norms",
  "mlp.hidden": "activation",
};

const sites = siteNames.filter((site) => site in before);

/** What a linear map is, and what a block has done when it comes to it. */
const linearMaps: Record<LinearName, [own: Operation, before: Operation]> = {
  query: ["q/k/v", "norms"],
  key: ["q/k/v", "q/k/v"],
  value: ["q/k/v", "q/k/v"],
  output: ["projection", "attention"],
  gate: ["FC1", "norms"],
  up: ["FC1", "activation"],
  down: ["FC2", "activation"],
};

/**
 * Divides the time of a forward pass among its operations without a change to the model: a hook at
 * the sites and wrapped linear maps read the clock, and what has passed since the last reading
 * belongs to the operation in between. The times add up to the whole, which is a little more than
 * without the stopwatch where the model joins a rectifier to its linear map.
 */
export class Stopwatch {
  #booked = nothing();
  #last = 0;
  /** What the watched maps stand for. */
  readonly #watched = new WeakMap<LinearMap, LinearMap>();

  /** @param now The time in milliseconds. */
  constructor(readonly now: () => number = () => performance.now()) {}

  /** Times a pass through a watched model. */
  time(pass: () => void): Record<Operation, number> {
    this.#booked = nothing();
    this.#last = this.now();
    pass();
    this.lap("norms"); // the residual addition at the end
    return this.#booked;
  }

  /** Books what has passed since the last reading. */
  lap(operation: Operation): void {
    const now = this.now();
    this.#booked[operation] += now - this.#last;
    this.#last = now;
  }

  /** A hook that books time, and as quantization what `inner` takes. */
  hook(inner?: SiteHook): SiteHook {
    let rotates = false;
    const arrive = this.#booking(({ site }) => {
      rotates ||= site === "attn.kBeforeRotary";
      return site === "attn.q" && rotates ? "rotary" : before[site]!;
    });
    return inner ? chainHooks(arrive, inner, this.#booking(() => "quantization")) : arrive;
  }

  #booking(operation: (visit: Visit) => Operation): SiteHook {
    return atSites(sites, (value, visit) => {
      this.lap(operation(visit));
      return value;
    });
  }

  /** The model with linear maps that book their time; it owns nothing, and `model` everything. */
  watch(model: OpenModel): OpenModel {
    const blocks = model.blocks.map((block): Block => {
      const maps = Object.entries(block.maps) as [LinearName, LinearMap][];
      const watched = maps.map(([name, map]) => [name, this.#watch(map, linearMaps[name])]);
      return { ...block, maps: Object.fromEntries(watched), [Symbol.dispose]() {} };
    });
    return { ...model, blocks, [Symbol.dispose]() {} };
  }

  #watch(map: LinearMap, [own, earlier]: [own: Operation, before: Operation]): LinearMap {
    const timed = <Output>(work: () => Output): Output => {
      this.lap(earlier);
      const output = work();
      this.lap(own);
      return output;
    };
    const watched: LinearMap = {
      byteLength: map.byteLength,
      apply(value, { activation, ...options } = {}) {
        const output = timed(() => map.apply(value, options));
        return activation === "relu" ? tf.relu(output) : output;
      },
      applyWith: map.applyWith && ((others, value, options) => {
        const inner = others.map((other) => this.#watched.get(other)!);
        return timed(() => map.applyWith!(inner, value, options));
      }),
      [Symbol.dispose]() {},
    };
    this.#watched.set(watched, map);
    return watched;
  }
}

function nothing(): Record<Operation, number> {
  return Object.fromEntries(operations.map((name) => [name, 0])) as Record<Operation, number>;
}
