import { pauses, type Progress, silent, type Step } from "../core/mod.ts";
import {
  type BlockSource,
  type CachePrecision,
  type LayerWeights,
  type LowerTokens,
  type Model,
  type Pruning,
  requireLayers,
  type SiteName,
} from "../model/mod.ts";
import { BlockAtWork } from "./block_at_work.ts";
import { CalibrationStreams, type StreamsRoom } from "./calibration_streams.ts";
import { FisherInformation } from "./fisher.ts";
import { observe } from "./observe.ts";
import { looksAtValues, observedSites } from "./observed_sites.ts";
import type { BlockContext, Calibration, Pass } from "./pass.ts";
import { rewritingSource } from "./rewriting_source.ts";
import { seenAt, type SiteSeen } from "./seen.ts";
import type { SiteQuantizers } from "./site_quantizer.ts";

/** A model as passes leave it. Plain data, as the model is. */
export interface Quantized {
  /** Shares with the model it was made of all that stayed as it was. */
  readonly model: Model;
  /** What becomes of values at the sites of each block. */
  readonly sites: readonly SiteQuantizers[];
  /** The tokens that are computed in fewer bits. */
  readonly lower?: LowerTokens;
  /** How keys and values are kept. */
  readonly cache?: CachePrecision;
}

/** How {@linkcode calibrate} goes about it. */
export interface CalibrateOptions {
  /** Acts on the windows for activations: TRIP's range is taken after pruning. */
  pruning?: Pruning;
  /** Of the blocks, and within each; of passes that look at windows, or whose blocks go into a store. */
  progress?: Progress;
  /** Where rewritten blocks go, and come from where an earlier run finished them; memory unless given. */
  store?: BlockStore;
  /** Where the windows for calibration wait between blocks; in memory unless given. */
  room?: StreamsRoom;
  /**
   * Stops the work by throwing its reason: at once, if it knows without any event that it is aborted,
   * else between two steps.
   */
  signal?: AbortSignal;
}

/** Keeps the blocks that passes have rewritten. */
export interface BlockStore {
  /** Whether blocks come back with the very values that they went with; they may be rounded unless given. */
  readonly isExact?: boolean;
  /** Whether they stay in memory; without they are read whenever they are needed. */
  readonly isInMemory?: boolean;
  /** A block that is finished; undefined where it is still to be made. */
  get(layer: number): Promise<LayerWeights | undefined>;
  /** Keeps a block, and returns it as it is kept: what the blocks behind it see. */
  put(layer: number, weights: LayerWeights): Promise<LayerWeights>;
}

/** A model that no pass has seen. */
export function unquantized(model: Model): Quantized {
  return { model, sites: Array.from({ length: model.architecture.layers }, () => ({})) };
}

/** Whether passes look at calibration windows, or at those of one kind. */
export function needsCalibration(passes: readonly Pass[], kind?: Pass["windows"]): boolean {
  return passes.some(({ observes, windows = "weights" }) =>
    observes !== undefined && (kind === undefined || windows === kind)
  );
}

/**
 * Leads the passes over a model, block by block. In memory are one block in floats, what its sites
 * give to one pass, and the residual streams of all windows, unless these wait on the disk.
 *
 * Gradients are found for all blocks when the first of them asks; they wait in memory.
 *
 * Every pass that observes costs a run of its windows through the block, as in GPTQ's true-sequential
 * mode; values at sites are not quantized meanwhile (static calibration, as in the released code).
 *
 * Passes that only rewrite, and look at nothing but the block, do so each time that it is read where the model
 * is streamed from the disk and there is no store.
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
  { pruning, progress: watched = silent, store, room, signal }: CalibrateOptions = {},
): Promise<Quantized> {
  const { sites } = start;
  if (passes.length === 0) return start;
  const model = passes.reduce((each, pass) => pass.remodel?.(each) ?? each, start.model);
  const cache = passes.find((pass) => pass.cache)?.cache ?? start.cache;
  const { architecture, source } = model;
  requireLayers(architecture, { pruning });
  const isLocal = passes.every(({ observes, quantize }) => !observes && !quantize);
  if (source.isStreamed && isLocal && !store) {
    const rewritten = rewritingSource(source, passes, architecture);
    return { ...start, cache, model: { ...model, source: rewritten } };
  }
  const isRewritten = passes.some(({ rewrite, remodel }) => rewrite || remodel);
  const blocks = store ?? memoryStore();
  const quantizedWith = (quantizers: readonly SiteQuantizers[]): Quantized => ({
    model: isRewritten ? { ...model, source: keptSource(source, blocks) } : model,
    sites: quantizers,
    lower: passes.find(({ lower }) => lower)?.lower ?? start.lower,
    cache,
  });
  const isAllRewritten = passes.every(({ quantize }) => !quantize) && store?.isInMemory &&
    await hasAll(store, architecture.layers);
  if (isAllRewritten) return quantizedWith(sites);
  const progress = store || needsCalibration(passes) ? watched : silent; // nothing else takes long
  using streams = new CalibrationStreams(model, passes, calibration, { pruning, ...room });
  const names = [...new Set(passes.map(({ name }) => name))].join(", ");
  progress.start(`${names} on ${model.name}`, architecture.layers);
  const pause = pauses(signal);
  const fisher = new FisherInformation(model, passes, calibration, room);
  const keepsOriginal = passes.some(({ carries }) => carries === "original");
  const isRounded = isRewritten && !(blocks.isExact ?? false);
  const quantized: SiteQuantizers[] = [];
  for (let layer = 0; layer < architecture.layers; layer++) {
    using work = new BlockAtWork(await source.layer(layer), layer, keepsOriginal);
    let quantizers = sites[layer];
    const finished = await blocks.get(layer);
    if (finished) await work.rewrite(() => finished);
    for (const [order, pass] of passes.entries()) {
      if (finished && pass.rewrite) continue;
      const onStep = (share: number) => {
        signal?.throwIfAborted();
        progress.update(layer + (order + share) / (passes.length + 1));
      };
      await pause();
      const observes = pass.observes !== undefined;
      const looks = looksAtValues(pass);
      if (looks && !isRounded && isPastAttention(passes.slice(order))) {
        await streams.attend(pass, work.block, pause);
      }
      const isFinal = layer < architecture.layers - 1 && !isRounded &&
        isFinalFrom(passes, order);
      const gathered = new Map<SiteName, SiteSeen>();
      const onLook: Step = (share) => onStep(share / 2);
      if (looks) {
        const view = { model: model.name, block: work.block, isFinal, ...streams.of(pass) };
        for (const [site, seen] of await observe(pass, view, pause, onLook)) {
          gathered.set(site, seen);
        }
      }
      for (const site of observedSites(pass).fisher) {
        gathered.set(site, { fisher: await fisher.of(layer, pause, onLook) });
      }
      const seen = seenAt(gathered);
      const at: BlockContext = {
        architecture,
        layer,
        onStep: (share) => onStep(observes ? (1 + share) / 2 : share),
      };
      if (pass.rewrite) await work.rewrite((weights) => pass.rewrite!(weights, seen, at));
      if (pass.quantize) {
        quantizers = { ...quantizers, ...pass.quantize(seen, at, quantizers) };
      }
    }
    if (isRewritten && !finished) {
      const kept = await blocks.put(layer, work.weights);
      if (kept !== work.weights) await work.rewrite(() => kept);
    }
    if (layer < architecture.layers - 1) await streams.advance(work, pause);
    if (!isRewritten) source.free?.(work.weights);
    quantized.push(quantizers);
    progress.update(layer + 1);
  }
  progress.finish();
  return quantizedWith(quantized);
}

/** The blocks that a store keeps, and what surrounds them. */
function keptSource(source: BlockSource, blocks: BlockStore): BlockSource {
  return {
    outer: source.outer,
    isStreamed: !blocks.isInMemory,
    maps: source.maps,
    attentionProduct: source.attentionProduct,
    layer: async (layer) => (await blocks.get(layer))!,
  };
}

/** Whether a store has all blocks, so that no window need run through them. */
async function hasAll(store: BlockStore, layers: number): Promise<boolean> {
  for (let layer = 0; layer < layers; layer++) if (!await store.get(layer)) return false;
  return true;
}

/**
 * Whether the windows of the first of some passes may leave the attention of a block behind: neither it nor
 * one after it looks at that or changes it.
 */
function isPastAttention(passes: readonly Pass[]): boolean {
  const [{ carries }] = passes;
  return carries !== "original" &&
    passes.every(({ part, rewrite, observes }) => part === "mlp" || !rewrite && !observes);
}

/** Whether what a pass sees of a block is what its windows carry on. */
function isFinalFrom(passes: readonly Pass[], order: number): boolean {
  return passes[order].carries === "original"
    ? passes.every(({ rewrite }) => !rewrite)
    : passes.slice(order).every(({ rewrite }) => !rewrite);
}

/** Blocks in memory. */
function memoryStore(): BlockStore {
  const blocks = new Map<number, LayerWeights>();
  return {
    isExact: true,
    isInMemory: true,
    get: (layer) => Promise.resolve(blocks.get(layer)),
    put(layer, weights) {
      blocks.set(layer, weights);
      return Promise.resolve(weights);
    },
  };
}
