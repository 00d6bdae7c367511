import type { Step } from "../core/mod.ts";
import type {
  Architecture,
  BlockPart,
  CachePrecision,
  LayerWeights,
  LowerTokens,
  Model,
  SiteName,
} from "../model/mod.ts";
import type { TripOptions } from "../quant/mod.ts";
import type { Seen } from "./seen.ts";
import type { SiteQuantizers } from "./site_quantizer.ts";

/** What is gathered of a site over all calibration windows. */
export type Observation = SiteObservation | "fisher";

/**
 * What is gathered of a site while windows run through its block:
 *
 * - `gram`: 2/n sum x x^T over all tokens of n windows, the upper triangle of `[channels, channels]`: GPTQ's
 *   Hessian;
 * - `range`: the least and the greatest value;
 * - `channelRange`: those of each channel;
 * - `values`: everything, window by window;
 * - a search for TRIP's grid (eq. 5-8) over all tokens.
 *
 * Of `attn.probs` only `range`: a window gives several runs of maps, and keys are no channels.
 *
 * `fisher` is gathered elsewhere, of the linear maps that read the site: for each weight the sum over the windows
 * for weights of the squared gradient of the window's loss, the model being as it was before any pass.
 */
export type SiteObservation = "gram" | "range" | "channelRange" | "values" | TripObservation;

/** TRIP's settings, as `searchTrip` takes them. */
export interface TripObservation {
  readonly trip: Pick<TripOptions, "bits" | "K" | "profile">;
}

/** What calibration reads. */
export interface Calibration {
  /** For passes that look at weights. */
  weightWindows: Int32Array[];
  /** For the ranges of activations; the released code takes ten. */
  activationWindows: Int32Array[];
}

/**
 * One step of a method. The passes of a method go over every block one after the other, each seeing what
 * those before it made of the block; then comes the next block.
 *
 * A pass says what it observes, and either rewrites the parameters of the block or says what becomes of
 * values at its sites; or it makes another model of the whole before any block is visited.
 */
export interface Pass {
  /** What progress and messages call it: `GPTQ`. */
  readonly name: string;
  /** Plain data: passes that agree in name and settings do the same. */
  readonly settings: unknown;
  /** What it must see of a block. Without, no window runs. */
  readonly observes?: Readonly<Partial<Record<SiteName, Observation>>>;
  /**
   * The part of a block that it looks at and rewrites; the whole unless given. Before passes that look at the
   * MLP alone, windows go through the attention once.
   */
  readonly part?: BlockPart;
  /** Whose windows it sees: those for weights unless given. Those for activations are pruned. */
  readonly windows?: "weights" | "activations";
  /**
   * What its windows carry on to the next block: what the rewritten block gives, or what it gave before
   * any pass.
   */
  readonly carries?: "rewritten" | "original";
  /** Which tokens the finished model computes in fewer bits. */
  readonly lower?: LowerTokens;
  /** How the finished model keeps keys and values. */
  readonly cache?: CachePrecision;
  /**
   * The tokens that it looks at: those in fewer bits, the first of each window, or all but these; all of them
   * unless given.
   */
  readonly sees?: "lower" | "first" | "behind first";
  /** Whether the linear maps it leaves are codes, which integer products read. */
  readonly leavesCodes?: boolean;
  /** The sites it quantizes, and whether the steps of all tokens and channels there are powers of two times one. */
  readonly quantizes?: Readonly<Partial<Record<SiteName, "shared steps" | "own steps">>>;
  /**
   * The model that all passes see in the place of the one that was given: of another architecture, perhaps, or
   * with other weights around its blocks, which change as they are read.
   */
  remodel?(model: Model): Model;
  /** The parameters that the block has from here on. */
  rewrite?(
    layer: LayerWeights,
    seen: Seen,
    at: BlockContext,
  ): LayerWeights | Promise<LayerWeights>;
  /** What becomes of values at the sites of the block, `before` being what passes before have made. */
  quantize?(seen: Seen, at: BlockContext, before: SiteQuantizers): SiteQuantizers;
}

/** Where a pass is at work. */
export interface BlockContext {
  architecture: Architecture;
  layer: number;
  /** Hears how much of the pass is done with this block; throws once the work is to stop. */
  onStep: Step;
}
