import { bootstrap, type Estimate, mean } from "../../lib/core/mod.ts";

/**
 * The mean over windows with its 95 % interval, from a bootstrap over windows.
 *
 * @param values One per window.
 * @throws {InputError} If there are none.
 */
export function meanEstimate(values: ArrayLike<number>): Estimate {
  const meanAt = (indices: Uint32Array) => mean(Float64Array.from(indices, (i) => values[i]));
  return bootstrap(values.length, meanAt, { seed: 0 });
}
