import type { TokenRows } from "../linear/mod.ts";
import type { tf } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { rotateAtSite } from "./rotate_site.ts";

/**
 * The places of one block where a scheme may replace a value and a tap may look (figure 3).
 *
 * Values are `[batch * tokens, channels]`; heads lie side by side in the channels of q, k and v.
 * `attn.probs` is `[maps, tokens, keys]`: a run of the `batch * heads` attention maps. There are more
 * keys than tokens where a cache holds earlier ones.
 */
export const siteNames = [
  /** Output of the input norm: what the q, k and v projections read. */
  "attn.input",
  /** Queries and keys as projected; met under rotary positions only, where they differ from q, k. */
  "attn.qBeforeRotary",
  "attn.kBeforeRotary",
  /** The operands of the attention products. */
  "attn.q",
  "attn.k",
  "attn.v",
  /** Softmax output. */
  "attn.probs",
  /** Attention times values: what the output projection reads. */
  "attn.output",
  /** Output of the post-attention norm: what the MLP reads. */
  "mlp.input",
  /** What the down projection reads. */
  "mlp.hidden",
] as const;

export type SiteName = typeof siteNames[number];

/** A site whose values are those of channels: everywhere but at the attention maps. */
export type ChannelSite = Exclude<SiteName, "attn.probs">;

/** The two parts of a block, each of which adds to the stream. */
export type BlockPart = "attention" | "mlp";

/** Where in the model a value was met, and which of its rows may be treated apart; of `attn.probs` none is told. */
export interface Visit extends TokenRows {
  site: SiteName;
  layer: number;
  /** Which of the windows that run one after the other, counted from 0. */
  window: number;
  /** Index of the first map in `value`, below `batch * heads`; `attn.probs` only. */
  firstHead?: number;
}

/** What a site tells besides its name. */
export type VisitDetails = Pick<Visit, "firstHead"> & TokenRows;

/**
 * Sees the value at its sites, and returns what the model shall go on with:
 * the value itself (a tap) or a tensor of the same shape (a scheme).
 *
 * The value lives until the model has used it: a tap copies what it wants to keep.
 */
export interface SiteHook {
  (value: tf.Tensor, visit: Visit): tf.Tensor;
  /**
   * The sites that it is called at; all if absent. Attention maps exist, and cost their time and
   * memory, only where a hook is called at `attn.probs`.
   */
  readonly sites?: readonly SiteName[];
}

/**
 * What a hook throws once it has seen all that it wants of a block: who runs the block only for what the hook
 * sees (`Streams.look`) then computes nothing of what is behind.
 */
export const seenEnough = new Error("what a hook wanted of a block has been seen");

/** The hook at these sites only. */
export function atSites(sites: readonly SiteName[], hook: SiteHook): SiteHook {
  return Object.assign((value: tf.Tensor, visit: Visit) => hook(value, visit), { sites });
}

/** Whether a hook is called at a site. */
export function isCalledAt(site: SiteName, hook?: SiteHook): boolean {
  return hook !== undefined && (hook.sites?.includes(site) ?? true);
}

/** Runs several hooks one after the other, each at its sites. */
export function chainHooks(...hooks: SiteHook[]): SiteHook {
  const sites = siteNames.filter((site) => hooks.some((hook) => isCalledAt(site, hook)));
  return atSites(sites, (value, visit) =>
    hooks.reduce(
      (current, hook) => isCalledAt(visit.site, hook) ? hook(current, visit) : current,
      value,
    ));
}

/** A hook as one block calls it. */
export type BlockHook = <T extends tf.Tensor>(
  site: SiteName,
  value: T,
  details?: VisitDetails,
) => T;

/**
 * What a block calls at its sites: it rotates values where the architecture says so, and passes them through
 * the hook where that is called.
 */
export function hookOfBlock(
  architecture: Architecture,
  place: Pick<Visit, "layer" | "window">,
  hook?: SiteHook,
): BlockHook {
  return <T extends tf.Tensor>(site: SiteName, value: T, details?: VisitDetails) => {
    const rotated = rotateAtSite(architecture, site, value);
    return isCalledAt(site, hook) ? hook!(rotated, { site, ...place, ...details }) as T : rotated;
  };
}
