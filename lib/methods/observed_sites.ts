import type { SiteName } from "../model/mod.ts";
import type { Observation, Pass, SiteObservation } from "./pass.ts";

/** What a pass observes, by what it costs. */
export interface ObservedSites {
  /** What is gathered while windows run through a block. */
  values: [SiteName, SiteObservation][];
  /** Where gradients are asked for, which go backwards through all blocks. */
  fisher: SiteName[];
}

/** The sites that a pass observes. */
export function observedSites({ observes = {} }: Pick<Pass, "observes">): ObservedSites {
  const sites: ObservedSites = { values: [], fisher: [] };
  for (const [site, kind] of Object.entries(observes) as [SiteName, Observation][]) {
    if (kind === "fisher") sites.fisher.push(site);
    else sites.values.push([site, kind]);
  }
  return sites;
}

/** Whether a pass looks at windows as they run through a block. */
export function looksAtValues(pass: Pick<Pass, "observes">): boolean {
  return observedSites(pass).values.length > 0;
}
