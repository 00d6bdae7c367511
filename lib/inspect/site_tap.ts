import { atSites, type SiteHook, type SiteName, type Visit } from "../model/mod.ts";
import { tensorData } from "../tensor/mod.ts";

/** Looks at a value: what it holds lasts only as long as the call. */
export type Look = (values: Float32Array, shape: readonly number[], visit: Visit) => void;

/**
 * A hook that shows what one site gives and changes nothing. It is called at this site alone: attention
 * maps exist only where it looks at them.
 */
export function siteTap(site: SiteName, look: Look): SiteHook {
  return atSites([site], (value, visit) => {
    look(tensorData(value), value.shape, visit);
    return value;
  });
}
