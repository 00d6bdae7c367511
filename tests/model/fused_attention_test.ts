import { assertEquals } from "@std/assert";
import { floatMatrix } from "../../lib/format/mod.ts";
import { fusedRows, joinFused } from "../../lib/model/fused_attention.ts";

Deno.test("fusedRows() finds a part in rows [head, {q, k, v}, headDim]", () => {
  // Two heads of width 1: q0 k0 v0 q1 k1 v1; then two of width 2.
  assertEquals([0, 1, 2].map((part) => [...fusedRows(part, 2, 1)]), [[0, 3], [1, 4], [2, 5]]);
  assertEquals([0, 1, 2].map((part) => [...fusedRows(part, 2, 2)]), [
    [0, 1, 6, 7],
    [2, 3, 8, 9],
    [4, 5, 10, 11],
  ]);
});

Deno.test("joinFused() puts together what fusedRows() takes apart", () => {
  const [heads, headDim, columns] = [3, 4, 5];
  const data = Float32Array.from({ length: 3 * heads * headDim * columns }, (_, i) => i);
  const fused = floatMatrix("F32", data, 3 * heads * headDim, columns);
  const parts = [0, 1, 2].map((part) => fused.takeRows(fusedRows(part, heads, headDim)).data);
  assertEquals(joinFused(parts, heads, headDim, columns), data);
});
