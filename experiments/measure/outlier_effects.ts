import { type Estimate, mapEstimate, mean } from "../../lib/core/mod.ts";
import { linearGroups } from "../../lib/model/mod.ts";
import { meanEstimate } from "./mean_estimate.ts";
import type { OutlierState } from "./outlier_state.ts";

/** Tokens that are quantized together instead of all. */
export const tokenSets = [
  /** Those that survive, in the run that prunes the others. */
  "pruned",
  /** The same with the values that they have where nothing is pruned. */
  "selected",
  /** As many random ones, in a run that prunes at random: the control. */
  "random",
  /** All but the first, where nothing is pruned. */
  "withoutStart",
] as const;

export type TokenSet = typeof tokenSets[number];

/** The state of some tokens, and what quantization does to them. */
export interface SetState extends OutlierState {
  /** Of the maps that read them, on the grid of these tokens: {@linkcode layerError}. */
  error: number;
  /** The same of the same tokens where nothing is pruned and the grid is that of all of them. */
  errorBefore: number;
}

/** What the maps of one layer read at one site, mean of the windows. */
export interface SiteOutliers {
  site: LinearSite;
  layer: number;
  /** Whether tokens have left before it; all sets but `withoutStart` are of all tokens otherwise. */
  behindPruning: boolean;
  all: OutlierState;
  sets: Record<TokenSet, SetState>;
}

/**
 * What a set of tokens has over all of them at one site: the ratio, geometric mean of the layers behind the
 * pruning.
 */
export interface SetEffect {
  site: LinearSite;
  set: TokenSet;
  range: Estimate;
  kurtosis: Estimate;
  /** The error after over that before, on the same tokens. */
  error: Estimate;
  /** The same over that of the random tokens, window by window. */
  errorOverRandom: Estimate;
}

/** What pruning does to the outliers of a model. */
export interface MeasuredOutliers {
  sites: SiteOutliers[];
  effects: SetEffect[];
}

/** The sites that linear maps read. */
export type LinearSite = typeof linearGroups[number]["reads"];

/** A site of one layer in one window. */
export type WindowOutliers = SiteOutliers & { window: number };

/** The means of all windows, and the effects at every site with their intervals. */
export function summarizeOutliers(found: readonly WindowOutliers[]): MeasuredOutliers {
  const places = Map.groupBy(found, ({ site, layer }) => `${site} ${layer}`);
  const sites = [...places.values()].map((windows): SiteOutliers => {
    const { site, layer, behindPruning } = windows[0];
    return {
      ...{ site, layer, behindPruning },
      all: meanOf(windows.map(({ all }) => all)),
      sets: setsOf((set) => meanOf(windows.map(({ sets }) => sets[set]))),
    };
  });
  const effects = linearGroups.flatMap(({ reads }) => {
    const own = found.filter(({ site, behindPruning }) => site === reads && behindPruning);
    return own.length > 0 ? tokenSets.map((set) => effectOf(own, set)) : [];
  });
  return { sites, effects };
}

/** The ratio at one site, from every layer and window. */
function effectOf(found: readonly WindowOutliers[], set: TokenSet): SetEffect {
  const windows = [...Map.groupBy(found, ({ window }) => window).values()];
  const ratio = (of: (found: WindowOutliers) => number) =>
    mapEstimate(
      meanEstimate(windows.map((own) => mean(own.map((each) => Math.log(of(each)))))),
      Math.exp,
    );
  const error = ({ error, errorBefore }: SetState) => error / errorBefore;
  return {
    site: found[0].site,
    set,
    range: ratio(({ all, sets }) => sets[set].range / all.range),
    kurtosis: ratio(({ all, sets }) => sets[set].kurtosis / all.kurtosis),
    error: ratio(({ sets }) => error(sets[set])),
    errorOverRandom: ratio(({ sets }) => error(sets[set]) / error(sets.random)),
  };
}

function setsOf(of: (set: TokenSet) => SetState): Record<TokenSet, SetState> {
  return Object.fromEntries(tokenSets.map((set) => [set, of(set)])) as Record<TokenSet, SetState>;
}

/** The mean of every number that states have. */
function meanOf<State extends OutlierState>(states: readonly State[]): State {
  const mixed = { ...states[0] };
  for (const name of Object.keys(mixed) as (keyof State)[]) {
    mixed[name] = mean(states.map((state) => state[name] as number)) as State[keyof State];
  }
  return mixed;
}
