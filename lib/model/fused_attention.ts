/**
 * BLOOM keeps query, key and value in one tensor whose rows are `[head, {q, k, v}, headDim]`.
 *
 * @param part 0, 1 or 2: query, key or value.
 * @returns The numbers of its rows in that tensor, `[heads * headDim]`.
 */
export function fusedRows(part: number, heads: number, headDim: number): Int32Array {
  return Int32Array.from(
    { length: heads * headDim },
    (_, row) => (Math.floor(row / headDim) * 3 + part) * headDim + row % headDim,
  );
}

/**
 * One tensor of query, key and value, its rows as {@linkcode fusedRows} says.
 *
 * @param parts Three matrices `[heads * headDim, columns]`; `columns` is 1 for a bias.
 */
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
