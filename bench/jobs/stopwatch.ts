import {
  atSites,
  chainHooks,
  type LayerModuleName,
  type Model,
  type Module,
  type SiteHook,
  type SiteName,
  siteNames,
  type Visit,
} from "../../lib/model/mod.ts";
import { linear, type tf } from "../../lib/tensor/mod.ts";

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
  "attn.q": "q/k/v",
  "attn.k": "q/k/v",
  "attn.v": "q/k/v",
  "attn.output": "attention",
  "mlp.input": "norms",
  "mlp.hidden": "activation",
};

const sites = siteNames.filter((site) => site in before);

/** What a linear map is, and what a block has done when it comes to it. */
const linearMaps: Partial<Record<LayerModuleName, [own: Operation, before: Operation]>> = {
  query: ["q/k/v", "norms"],
  key: ["q/k/v", "q/k/v"],
  value: ["q/k/v", "rotary"],
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
    const arrive = this.#booking(({ site }) => before[site]!);
    return inner ? chainHooks(arrive, inner, this.#booking(() => "quantization")) : arrive;
  }

  #booking(operation: (visit: Visit) => Operation): SiteHook {
    return atSites(sites, (value, visit) => {
      this.lap(operation(visit));
      return value;
    });
  }

  /** The model with linear maps that book their time; it shares every tensor with `model`. */
  watch(model: Model): Model {
    const layers = model.weights.layers.map((modules) =>
      Object.fromEntries(
        Object.entries(modules).map(([name, module]) => {
          const operation = linearMaps[name as LayerModuleName];
          if (!operation) return [name, module];
          const { weight, bias } = module;
          const apply = (value: tf.Tensor2D) => linear(value, weight as tf.Tensor2D, bias);
          return [name, this.#timedMethods({ apply, ...module }, operation)];
        }),
      )
    );
    return { ...model, weights: { ...model.weights, layers } };
  }

  /** A module computes by whichever of its functions the model calls. */
  #timedMethods(module: Module, [own, earlier]: [own: Operation, before: Operation]): Module {
    const methods = Object.entries(module).filter(([, value]) => typeof value === "function");
    const timed = methods.map(([name, work]) => [name, this.#timed(work, own, earlier)]);
    return { ...module, ...Object.fromEntries(timed) };
  }

  #timed<Arguments extends unknown[], Output>(
    work: (...input: Arguments) => Output,
    own: Operation,
    earlier: Operation,
  ): (...input: Arguments) => Output {
    return (...input) => {
      this.lap(earlier);
      const output = work(...input);
      this.lap(own);
      return output;
    };
  }
}

function nothing(): Record<Operation, number> {
  return Object.fromEntries(operations.map((name) => [name, 0])) as Record<Operation, number>;
}
