import { require } from "./errors.ts";
import { seededRandom } from "./random.ts";

/** A statistic of a sample with the ends of its confidence interval, absent when there is none. */
export interface Estimate {
  value: number;
  low?: number;
  high?: number;
}

/** An estimate in another unit: `map` must rise with its argument. */
export function mapEstimate(
  { value, low, high }: Estimate,
  map: (value: number) => number,
): Estimate {
  if (low === undefined || high === undefined) return { value: map(value) };
  return { value: map(value), low: map(low), high: map(high) };
}

/**
 * `Math.min` of values however many they are: as arguments of one call, a hundred thousand would not fit
 * on the stack. Infinity if there are none.
 */
export function minimum(values: Iterable<number>): number {
  let least = Infinity;
  for (const value of values) least = Math.min(least, value);
  return least;
}

/** `Math.max` of values however many they are; -Infinity if there are none. */
export function maximum(values: Iterable<number>): number {
  let most = -Infinity;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/**
 * The arithmetic mean.
 *
 * @throws {InputError} If there are no values.
 */
export function mean(values: ArrayLike<number>): number {
  require(values.length > 0, "take a mean", "there must be at least one value");
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/**
 * The middle value, or the mean of the two middle ones.
 *
 * @throws {InputError} If there are no values or one is NaN.
 */
export function median(values: ArrayLike<number>): number {
  return quantile(values, 0.5);
}

/**
 * The quantile at `probability`, interpolated linearly between the two nearest values as NumPy does
 * (Hyndman and Fan, type 7).
 *
 * @param probability In 0..1.
 * @throws {InputError} If there are no values, one is NaN or the probability is out of range.
 */
export function quantile(values: ArrayLike<number>, probability: number): number {
  return quantiles(values, [probability])[0];
}

/** Several quantiles of the same values, each as {@linkcode quantile} takes it. */
export function quantiles(
  values: ArrayLike<number>,
  probabilities: readonly number[],
): number[] {
  const action = "take a quantile";
  const sorted = Float64Array.from(values).sort();
  require(sorted.length > 0, action, "there must be at least one value");
  require(!sorted.some(Number.isNaN), action, "values must be numbers", NaN);
  return probabilities.map((probability) => {
    require(probability >= 0 && probability <= 1, action, "probability must be 0..1", probability);
    const rank = probability * (sorted.length - 1);
    const low = sorted[Math.floor(rank)];
    const high = sorted[Math.ceil(rank)];
    return low === high ? low : low + (high - low) * (rank % 1);
  });
}

/**
 * The kurtosis: the fourth central moment over the square of the variance, 3 for a normal distribution
 * and larger the further few values lie outside. NaN where all are equal.
 *
 * @throws {InputError} If there are no values.
 */
export function kurtosis(values: ArrayLike<number>): number {
  const center = mean(values);
  let [second, fourth] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const square = (values[i] - center) ** 2;
    second += square;
    fourth += square * square;
  }
  return fourth * values.length / second ** 2;
}

/**
 * The quotient of two positive estimates with the widest interval that theirs allow: for those that
 * were not measured in pairs. Without both intervals it has none.
 */
export function quotient(numerator: Estimate, denominator: Estimate): Estimate {
  const value = numerator.value / denominator.value;
  const [{ low, high }, { low: least, high: most }] = [numerator, denominator];
  if ([low, high, least, most].includes(undefined)) return { value };
  return { value, low: low! / most!, high: high! / least! };
}

/** How {@linkcode bootstrap} resamples. */
export interface BootstrapOptions {
  /** An integer in 0..2^32-1. */
  seed: number;
  /** How many resamples are drawn, at least 1. */
  resamples?: number;
  /** The confidence level, in 0..1. */
  level?: number;
}

/**
 * Percentile bootstrap over the windows of a text (Efron 1979): how far a statistic would move had
 * other windows of the same kind been drawn.
 *
 * The statistic sees window indices, not values, so anything computed per window can be combined:
 * sums of losses with differing token counts, or a paired comparison of two methods on the same
 * windows, whose interval is far narrower than the two single ones suggest.
 *
 * @example The perplexity of one method, and the ratio of two on the same windows.
 * ```ts
 * import { bootstrap, mean } from "./lib/core/mod.ts";
 *
 * const dense = [1.31, 1.52, 1.18, 1.44]; // mean cross-entropy of each window, in nats
 * const quantized = [1.35, 1.57, 1.22, 1.47];
 * const perplexity = (losses: number[], windows: Uint32Array) =>
 *   Math.exp(mean([...windows].map((window) => losses[window])));
 * console.log(bootstrap(4, (windows) => perplexity(quantized, windows), { seed: 0 }));
 * const ratio = (windows: Uint32Array) => perplexity(quantized, windows) / perplexity(dense, windows);
 * console.log(bootstrap(4, ratio, { seed: 0 }));
 * ```
 * @param windows How many windows there are, at least 1.
 * @param statistic Maps the indices of a resample to a number; the array is reused between calls.
 * @returns The statistic of all windows in order, and its interval; a single window has none, nor
 *   has a statistic that is NaN for some resample.
 * @throws {InputError} If an argument is out of range.
 */
export function bootstrap(
  windows: number,
  statistic: (indices: Uint32Array) => number,
  { seed, resamples = 2000, level = 0.95 }: BootstrapOptions,
): Estimate {
  const action = "bootstrap";
  require(Number.isInteger(windows) && windows > 0, action, "windows must be 1 or more", windows);
  require(
    Number.isInteger(resamples) && resamples > 0,
    action,
    "resamples must be 1 or more",
    resamples,
  );
  require(level > 0 && level < 1, action, "level must lie between 0 and 1", level);
  const indices = Uint32Array.from({ length: windows }, (_, index) => index);
  const value = statistic(indices);
  if (windows === 1) return { value };

  const random = seededRandom(seed);
  const statistics = Float64Array.from({ length: resamples }, () => {
    for (let i = 0; i < windows; i++) indices[i] = random.integer(0, windows - 1);
    return statistic(indices);
  });
  if (statistics.some(Number.isNaN)) return { value };
  const tail = (1 - level) / 2;
  return { value, low: quantile(statistics, tail), high: quantile(statistics, 1 - tail) };
}
