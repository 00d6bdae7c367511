import { siteValues } from "../lib/inspect/mod.ts";
import type { Model, SiteName } from "../lib/model/mod.ts";

/** What one site of one block gave in several windows. */
export interface SiteWindows {
  /** `[tokens, channels]` each. */
  tensors: Float32Array[];
  channels: number;
}

/**
 * Runs windows and keeps what a site with channels gives in one block.
 *
 * @param windows At least one.
 * @throws {InputError} As {@linkcode siteValues} does.
 */
export function siteWindows(
  model: Model,
  windows: readonly Int32Array[],
  site: Exclude<SiteName, "attn.probs">,
  layer: number,
): SiteWindows {
  const found = windows.map((window) => siteValues(model, window, site, {}, [layer])[0]);
  return { tensors: found.map(({ values }) => values), channels: found[0].shape[1] };
}
