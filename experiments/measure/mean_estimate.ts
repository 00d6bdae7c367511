import { bootstrap, counted, type Estimate, mean, require } from "../../lib/core/mod.ts";

/**
 * The mean over windows with its 95 % interval, from a bootstrap over windows.
 *
 * @param values One per window.
 * @throws {InputError} If there are none.
 */
export function meanEstimate(values: ArrayLike<number>): Estimate {
  return bootstrap(values.length, (indices) => meanAt(values, indices), { seed: 0 });
}

/**
 * The mean of some values over that of others of the same windows, with its 95 % interval: windows
 * are drawn in pairs, so that what makes both large does not widen it.
 *
 * @throws {InputError} If there are none, or not as many of one as of the other.
 */
export function ratioOfMeans(values: ArrayLike<number>, others: ArrayLike<number>): Estimate {
  const rule = `there must be ${counted(values.length, "value")} on both sides`;
  require(values.length === others.length, "compare windows in pairs", rule, others.length);
  return bootstrap(
    values.length,
    (indices) => meanAt(values, indices) / meanAt(others, indices),
    { seed: 0 },
  );
}

function meanAt(values: ArrayLike<number>, indices: Uint32Array): number {
  return mean(Float64Array.from(indices, (index) => values[index]));
}
