/** A matrix whose outliers are to be found by their magnitude. */
export class Magnitudes {
  readonly #sorted: Float32Array;

  constructor(values: Float32Array) {
    this.#sorted = values.slice().sort();
  }

  /** How many values there are. */
  get count(): number {
    return this.#sorted.length;
  }

  /**
   * What outliers are at least as large as: the farther end of the range between the quartiles, extended on either
   * side by so many times its width.
   */
  threshold(range: number): number {
    const [first, third] = [this.#quantile(0.25), this.#quantile(0.75)];
    const reach = range * (third - first);
    return Math.max(Math.abs(first - reach), Math.abs(third + reach));
  }

  /** How many values are outliers of a range. */
  outliers(range: number): number {
    const threshold = this.threshold(range);
    return this.#below(-threshold, true) + this.count - this.#below(threshold, false);
  }

  /** A quantile, between two values in proportion. */
  #quantile(share: number): number {
    const place = share * (this.count - 1);
    const [low, high] = [Math.floor(place), Math.ceil(place)];
    const [below, above] = [this.#sorted[low], this.#sorted[high]];
    return below + (place - low) * (above - below);
  }

  /** How many values are less than a limit, or equal to it. */
  #below(limit: number, orEqual: boolean): number {
    let [low, high] = [0, this.count];
    while (low < high) {
      const middle = (low + high) >> 1;
      const value = this.#sorted[middle];
      if (value < limit || orEqual && value === limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Ranges are searched up to this, by halves. */
const widestRange = 64;
const halvings = 40;

/** The narrowest range of which at most a share of the values of matrices, taken together, are outliers. */
export function rangeOfShare(matrices: readonly Magnitudes[], share: number): number {
  const most = share * matrices.reduce((sum, { count }) => sum + count, 0);
  let [low, high] = [0, widestRange];
  for (let halving = 0; halving < halvings; halving++) {
    const range = (low + high) / 2;
    if (matrices.reduce((sum, each) => sum + each.outliers(range), 0) > most) low = range;
    else high = range;
  }
  return high;
}

/**
 * Which weights are the most sensitive: those whose Fisher information is greater than that of the last of a share
 * of them, which is one less unless some are alike.
 *
 * @param share Of all weights, 0..1.
 * @returns 1 for each of them.
 */
export function sensitiveOutliers(fisher: Float32Array, share: number): Uint8Array {
  const count = Math.floor(fisher.length * share);
  if (count === 0) return new Uint8Array(fisher.length);
  const least = fisher.slice().sort()[fisher.length - count];
  return Uint8Array.from(fisher, (each) => each > least ? 1 : 0);
}
