import type { RunHooks } from "../../lib/eval/mod.ts";
import { type SiteValues, siteValues } from "../../lib/inspect/mod.ts";
import type { Model, SiteName } from "../../lib/model/mod.ts";

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
 * @throws The signal's reason once it is aborted.
 */
export async function siteWindows(
  model: Model,
  windows: readonly Int32Array[],
  site: Exclude<SiteName, "attn.probs">,
  layer: number,
  { signal }: RunHooks,
): Promise<SiteWindows> {
  const found: SiteValues[] = [];
  for (const window of windows) {
    found.push(...await siteValues(model, window, site, { signal }, [layer]));
  }
  return { tensors: found.map(({ values }) => values), channels: found[0].shape[1] };
}
