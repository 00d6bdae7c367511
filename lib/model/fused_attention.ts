/**
 * BLOOM keeps query, key and value in one tensor whose rows are `[head, {q, k, v}, headDim]`.
 *
 * @param fused `[heads * 3 * headDim, columns]`; `columns` is 1 for a bias.
 * @returns Three matrices `[heads * headDim, columns]`: query, key, value.
 */
export function splitFused(
  fused: Float32Array,
  heads: number,
  headDim: number,
  columns: number,
): Float32Array[] {
  const block = headDim * columns;
  return [0, 1, 2].map((part) => {
    const rows = new Float32Array(heads * block);
    for (let head = 0; head < heads; head++) {
      const start = (head * 3 + part) * block;
      rows.set(fused.subarray(start, start + block), head * block);
    }
    return rows;
  });
}

/** The inverse of {@linkcode splitFused}. */
export function joinFused(
  parts: Float32Array[],
  heads: number,
  headDim: number,
  columns: number,
): Float32Array {
  const block = headDim * columns;
  const fused = new Float32Array(3 * heads * block);
  parts.forEach((rows, part) => {
    for (let head = 0; head < heads; head++) {
      const from = rows.subarray(head * block, (head + 1) * block);
      fused.set(from, (head * 3 + part) * block);
    }
  });
  return fused;
}
