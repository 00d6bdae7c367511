import { assertEquals } from "@std/assert";
import { joinFused, splitFused } from "../../lib/model/fused_attention.ts";

Deno.test("splitFused() takes rows [head, {q, k, v}, headDim] apart", () => {
  // Two heads of width 1, one column: q0 k0 v0 q1 k1 v1.
  const parts = splitFused(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 1, 1);
  assertEquals(parts.map((part) => [...part]), [[1, 4], [2, 5], [3, 6]]);
});

Deno.test("joinFused() undoes splitFused()", () => {
  const fused = Float32Array.from({ length: 3 * 3 * 4 * 5 }, (_, i) => i);
  assertEquals(joinFused(splitFused(fused, 3, 4, 5), 3, 4, 5), fused);
});
