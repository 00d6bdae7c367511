import type { LinearName, SiteName } from "../model/mod.ts";
import type { Range, TripParams } from "../quant/mod.ts";

/** What a pass gets to see of the sites that it observes, of one block over all of its windows. */
export interface Seen {
  /** The upper triangle of `[channels, channels]`, row after row, of a site observed as `gram`. */
  gram(site: SiteName): Float32Array;
  /** Of a site observed as `range` (of length 1) or `channelRange` (a value per channel). */
  range(site: SiteName): Range;
  /** Of a site observed as `values`. */
  values(site: SiteName): SeenValues;
  /** Of a site where TRIP's grid was searched for. */
  trip(site: SiteName): TripParams;
  /** Of the linear maps that read a site observed as `fisher`. */
  fisher(site: SiteName): FisherWeights;
}

/** Everything that a site gave. */
export interface SeenValues {
  channels: number;
  /** `[tokens, channels]` of each window. */
  windows: Float32Array[];
}

/** Of linear maps, for each weight the sum over windows of its squared gradient, `[out, in]`. */
export type FisherWeights = ReadonlyMap<LinearName, Float32Array>;

/** What one site gave: the result of one observation. */
export type SiteSeen =
  | { gram: Float32Array }
  | { range: Range }
  | { values: SeenValues }
  | { trip: TripParams }
  | { fisher: FisherWeights };

/** What was seen, by site. */
export function seenAt(sites: ReadonlyMap<SiteName, SiteSeen>): Seen {
  const get = <Kind extends "gram" | "range" | "values" | "trip" | "fisher">(
    site: SiteName,
    kind: Kind,
  ) => {
    const found = sites.get(site);
    if (!found || !(kind in found)) throw new TypeError(`${kind} of ${site} was not observed`);
    return found as Extract<SiteSeen, Record<Kind, unknown>>;
  };
  return {
    gram: (site) => get(site, "gram").gram,
    range: (site) => get(site, "range").range,
    values: (site) => get(site, "values").values,
    trip: (site) => get(site, "trip").trip,
    fisher: (site) => get(site, "fisher").fisher,
  };
}
