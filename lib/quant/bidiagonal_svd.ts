/** Columns whose product is smaller beside the whole matrix are orthogonal: what is left of it is rounding. */
const negligible = 2 ** -46;

/** Rounds over all pairs of columns, of which some ten are enough. */
const mostRounds = 60;

/**
 * The singular value decomposition of a square upper bidiagonal matrix, by one-sided Jacobi rotations.
 *
 * @param diagonal `[size]`
 * @param above The element to the right of each of the diagonal; the last is beside the matrix.
 * @returns Values descending, and vectors of each, of length 1; a left one of the value 0 is 0.
 */
export function bidiagonalSvd(
  diagonal: readonly number[],
  above: readonly number[],
): { values: Float64Array; left: Float64Array[]; right: Float64Array[] } {
  const size = diagonal.length;
  // Columns are rotated until they are orthogonal: then they are left vectors times values.
  const columns = diagonal.map((each, column) => {
    const values = new Float64Array(size);
    values[column] = each;
    if (column > 0) values[column - 1] = above[column - 1];
    return values;
  });
  const right = diagonal.map((_, column) => {
    const values = new Float64Array(size);
    values[column] = 1;
    return values;
  });
  const total = diagonal.reduce((sum, each, i) => sum + each ** 2 + (above[i - 1] ?? 0) ** 2, 0);
  for (let round = 0, rotated = true; rotated && round < mostRounds; round++) {
    rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const [a, b] = [columns[p], columns[q]];
        let [aa, bb, ab] = [0, 0, 0];
        for (let i = 0; i < size; i++) {
          aa += a[i] * a[i];
          bb += b[i] * b[i];
          ab += a[i] * b[i];
        }
        if (Math.abs(ab) <= negligible * total) continue;
        rotated = true;
        const ratio = (bb - aa) / (2 * ab);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
        const cosine = 1 / Math.hypot(1, tangent);
        rotate(a, b, cosine, cosine * tangent);
        rotate(right[p], right[q], cosine, cosine * tangent);
      }
    }
  }
  const lengths = columns.map((column) => Math.hypot(...column));
  const order = [...lengths.keys()].sort((one, other) => lengths[other] - lengths[one]);
  return {
    values: Float64Array.from(order, (place) => lengths[place]),
    left: order.map((place) =>
      columns[place].map((each) => lengths[place] === 0 ? 0 : each / lengths[place])
    ),
    right: order.map((place) => right[place]),
  };
}

function rotate(a: Float64Array, b: Float64Array, cosine: number, sine: number): void {
  for (let i = 0; i < a.length; i++) {
    const first = a[i];
    a[i] = cosine * first - sine * b[i];
    b[i] = sine * first + cosine * b[i];
  }
}
