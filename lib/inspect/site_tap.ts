import type { SiteHook, SiteName, Visit } from "../model/mod.ts";
import { tensorData } from "../tensor/mod.ts";

/** Looks at a value: what it holds lasts only as long as the call. */
export type Look = (values: Float32Array, shape: readonly number[], visit: Visit) => void;

/** A hook that shows what one site gives and changes nothing. */
export function siteTap(site: SiteName, look: Look): SiteHook {
  return (value, visit) => {
    if (visit.site === site) look(tensorData(value), value.shape, visit);
    return value;
  };
}
