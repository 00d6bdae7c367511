import {
  canonicalJson,
  type Pause,
  pauses,
  type Progress,
  require,
  silent,
  type Step,
} from "../core/mod.ts";
import {
  atSites,
  type Block,
  blockOf,
  type ForwardOptions,
  type LayerWeights,
  type LowerTokens,
  type Model,
  openOuter,
  type Pruning,
  requireLayers,
  residentSource,
  type SiteName,
  Streams,
} from "../model/mod.ts";
import { type Observer, observer, ofLower } from "./observers.ts";
import type { BlockContext, Calibration, Observation, Pass } from "./pass.ts";
import { type Seen, seenAt, type SiteSeen } from "./seen.ts";
import type { SiteQuantizers } from "./site_quantizer.ts";

/** A model as passes leave it. Plain data, as the model is. */
export interface Quantized {
  /** Shares with the model it was made of all that stayed as it was. */
  readonly model: Model;
  /** What becomes of values at the sites of each block. */
  readonly sites: readonly SiteQuantizers[];
  /** The tokens that are computed in fewer bits. */
  readonly lower?: LowerTokens;
}

/** How {@linkcode calibrate} goes about it. */
export interface CalibrateOptions {
  /** Acts on the windows for activations: TRIP's range is taken after pruning. */
  pruning?: Pruning;
  /** Of the blocks, and within each; of passes that look at windows. */
  progress?: Progress;
  /**
   * Stops the work by throwing its reason: at once, if it knows without any event that it is aborted,
   * else between two steps.
   */
  signal?: AbortSignal;
}

/** A model that no pass has seen. */
export function unquantized(model: Model): Quantized {
  return { model, sites: Array.from({ length: model.architecture.layers }, () => ({})) };
}

/** Whether passes look at calibration windows. */
export function needsCalibration(passes: readonly Pass[]): boolean {
  return passes.some(({ observes }) => observes !== undefined);
}

/**
 * Leads the passes over a model, block by block. In memory are one block in floats, what its sites
 * give to one pass, and the residual streams of all windows.
 *
 * Every pass that observes costs a run of its windows through the block, as in GPTQ's true-sequential
 * mode; values at sites are not quantized meanwhile (static calibration, as in the released code).
 *
 * @param start The model, or what earlier passes made of it.
 * @param calibration Asked for the calibration windows only where a pass looks at them.
 * @throws {InputError} If there are no windows, a layer to prune does not exist, a block has no such site,
 *   an activation is not finite or a pass refuses the block; the message names site, or matrix, and layer.
 */
export async function calibrate(
  start: Quantized,
  passes: readonly Pass[],
  calibration: () => Calibration,
  { pruning, progress: watched = silent, signal }: CalibrateOptions = {},
): Promise<Quantized> {
  const { model, sites } = start;
  if (passes.length === 0) return start;
  const { architecture, source } = model;
  requireLayers(architecture, { pruning });
  const progress = needsCalibration(passes) ? watched : silent; // nothing else takes long
  using streams = new CalibrationStreams(model, passes, calibration, pruning);
  const names = [...new Set(passes.map(({ name }) => name))].join(", ");
  progress.start(`${names} on ${model.name}`, architecture.layers);
  const pause = pauses(signal);
  const rewritten: LayerWeights[] = [];
  const quantized: SiteQuantizers[] = [];
  for (let layer = 0; layer < architecture.layers; layer++) {
    using work = new BlockAtWork(await source.layer(layer), layer);
    let quantizers = sites[layer];
    for (const [order, pass] of passes.entries()) {
      const onStep = (share: number) => {
        signal?.throwIfAborted();
        progress.update(layer + (order + share) / (passes.length + 1));
      };
      await pause();
      const observes = pass.observes !== undefined;
      const seen = observes
        ? await observe(
          pass,
          { model: model.name, block: work.block, ...streams.of(pass) },
          pause,
          (share) => onStep(share / 2),
        )
        : seenAt(new Map());
      const at: BlockContext = {
        architecture,
        layer,
        onStep: (share) => onStep(observes ? (1 + share) / 2 : share),
      };
      if (pass.rewrite) work.rewrite(await pass.rewrite(work.weights, seen, at));
      if (pass.quantize) {
        quantizers = { ...quantizers, ...pass.quantize(seen, at, quantizers) };
      }
    }
    if (layer < architecture.layers - 1) await streams.advance(work, pause);
    rewritten.push(work.weights);
    quantized.push(quantizers);
    progress.update(layer + 1);
  }
  progress.finish();
  const isRewritten = passes.some(({ rewrite }) => rewrite);
  return {
    model: isRewritten
      ? { ...model, source: residentSource({ outer: source.outer, layers: rewritten }) }
      : model,
    sites: quantized,
    lower: passes.find(({ lower }) => lower)?.lower ?? start.lower,
  };
}

/** A block that passes rewrite; opened as often as it changes. */
class BlockAtWork implements Disposable {
  #open?: Block;
  #weights: LayerWeights;

  constructor(readonly original: LayerWeights, readonly layer: number) {
    this.#weights = original;
  }

  get weights(): LayerWeights {
    return this.#weights;
  }

  get block(): Block {
    return this.#open ??= blockOf(this.#weights, this.layer);
  }

  rewrite(weights: LayerWeights): void {
    this[Symbol.dispose]();
    this.#weights = weights;
  }

  [Symbol.dispose](): void {
    this.#open?.[Symbol.dispose]();
    this.#open = undefined;
  }
}

/** Windows on their way through the blocks, and how they run. */
interface Route {
  streams: Streams;
  options: ForwardOptions;
  carries: "rewritten" | "original";
}

/** The windows of all passes; passes that send the same windows the same way share them. */
class CalibrationStreams implements Disposable {
  #routes = new Map<string, Route>();

  constructor(
    model: Model,
    passes: readonly Pass[],
    calibration: () => Calibration,
    pruning?: Pruning,
  ) {
    using outer = openOuter(model.source.outer);
    using opened = new DisposableStack();
    opened.use(this);
    for (const pass of passes.filter(({ observes }) => observes)) {
      const { windows = "weights", carries = "rewritten", lower, seesLower } = pass;
      const key = routeOf(pass);
      if (this.#routes.has(key)) continue;
      const { weightWindows, activationWindows } = calibration();
      const own = windows === "weights" ? weightWindows : activationWindows;
      const rule = "there must be at least one calibration window";
      require(own.length > 0, `calibrate ${model.name}`, rule);
      this.#routes.set(key, {
        streams: new Streams({ architecture: model.architecture, outer }, own),
        options: {
          ...windows === "activations" && { pruning },
          ...seesLower && { lower },
        },
        carries,
      });
    }
    opened.move();
  }

  of(pass: Pass): Route {
    return this.#routes.get(routeOf(pass))!;
  }

  /** Takes all windows through a block that the passes are done with. */
  async advance(work: BlockAtWork, pause: Pause): Promise<void> {
    for (const { streams, options, carries } of this.#routes.values()) {
      using original = carries === "original" ? blockOf(work.original, work.layer) : undefined;
      const block = original ?? work.block;
      for (let index = 0; index < streams.length; index++) {
        await pause();
        streams.advance(index, block, options);
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { streams } of this.#routes.values()) streams[Symbol.dispose]();
  }
}

function routeOf({ windows = "weights", carries = "rewritten", lower, seesLower }: Pass): string {
  return canonicalJson([windows, carries, seesLower ? lower : null]);
}

/** Where a pass observes. */
interface View extends Route {
  /** What errors call the model. */
  model: string;
  block: Block;
}

/** Runs the windows of a pass through a block and gathers what it observes. */
async function observe(
  { name, observes, seesLower }: Pass,
  { model, block, streams, options }: View,
  pause: Pause,
  onStep: Step,
): Promise<Seen> {
  const action = `calibrate ${model}`;
  using made = new DisposableStack();
  const observers = new Map<SiteName, Observer>();
  for (const [site, kind] of Object.entries(observes!) as [SiteName, Observation][]) {
    const plain = observer(kind, streams.length, `${site} of layer ${block.layer}`, action);
    observers.set(site, made.use(seesLower ? ofLower(plain) : plain));
  }
  const met = new Set<SiteName>();
  let done = 0;
  for (let active = [...observers]; active.length > 0;) {
    const looking = new Map(active);
    const hook = atSites([...looking.keys()], (value, visit) => {
      met.add(visit.site);
      looking.get(visit.site)!.see(value, visit);
      return value;
    });
    const before = done; // a further round takes its part of what is left
    for (let index = 0; index < streams.length; index++) {
      await pause();
      done = before + (1 - before) * index / streams.length;
      onStep(done);
      streams.look(index, block, { ...options, hook });
    }
    const stray = active.find(([site]) => !met.has(site));
    require(
      stray === undefined,
      action,
      `its blocks must have ${stray?.[0]}, which ${name} observes`,
    );
    active = active.filter(([, each]) => each.again());
  }
  const results = [...observers].map(([site, each]): [SiteName, SiteSeen] => [site, each.result()]);
  return seenAt(new Map(results));
}
