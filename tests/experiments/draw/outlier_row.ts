import type { OutlierRow } from "../../../experiments/draw/outlier_drawing.ts";
import {
  type SetEffect,
  type SetState,
  type SiteOutliers,
  type TokenSet,
  tokenSets,
} from "../../../experiments/measure/outlier_effects.ts";

const estimate = (value: number) => ({ value, low: 0.9 * value, high: 1.1 * value });

const state: SetState = { range: 2, kurtosis: 4, alpha: 1, error: 0.1, errorBefore: 0.2 };

/** One layer at one site, with what is different of some sets of tokens. */
export function siteOf(
  layer: number,
  changes: Partial<Record<TokenSet, Partial<SetState>>> = {},
  behindPruning = true,
): SiteOutliers {
  const sets = Object.fromEntries(
    tokenSets.map((set) => [set, { ...state, ...changes[set] }]),
  ) as Record<TokenSet, SetState>;
  return { site: "mlp.input", layer, behindPruning, all: state, sets };
}

/**
 * A model in which pruning leaves this much of the error.
 *
 * @param overRandom That over what random pruning leaves.
 */
export function outlierRow(
  error: number,
  overRandom: number,
  sites: SiteOutliers[] = [siteOf(2)],
): OutlierRow {
  const ratio = { range: estimate(0.9), kurtosis: estimate(0.8), error: estimate(0.7) };
  const effects = tokenSets.map((set): SetEffect => (
    { site: "mlp.input", set, ...ratio, errorOverRandom: estimate(1) }
  ));
  effects[0] = {
    ...effects[0],
    error: estimate(error),
    errorOverRandom: { value: overRandom, low: overRandom - 0.01, high: overRandom + 0.01 },
  };
  return { model: "m", sites, effects };
}
