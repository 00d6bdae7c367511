import { assertEquals } from "@std/assert";
import { decodeBfloat16 } from "../../../lib/format/mod.ts";
import type { AgileBackend } from "../../../lib/tensor/agile.ts";
import { tf, tidy, useBackend } from "../../../lib/tensor/mod.ts";
import { withBfloatMultiples } from "../../../lib/tensor/ops/bfloat_multiples.ts";

await useBackend("agile");
const backend = tf.backend() as AgileBackend;

/** What is handed over of a tensor, decoded; undefined where it is refused. */
function multiplesOf(values: number[], step: number): Float32Array | undefined {
  return tidy(() => {
    const decoded = new Float32Array(values.length);
    const exact = withBfloatMultiples(backend, [tf.tensor1d(values)], [step], (address) => {
      decodeBfloat16(backend.view(Uint16Array, address, values.length), decoded);
    });
    return exact ? decoded : undefined;
  });
}

Deno.test("withBfloatMultiples() hands over whole multiples of eight bits", () => {
  for (const length of [1, 7, 9, 40000]) {
    const codes = Float32Array.from({ length }, (_, i) => (i % 511 - 255) * 2 ** (i % 4));
    const step = Math.fround(0.0123);
    assertEquals(multiplesOf(Array.from(codes, (code) => step * code), step), codes);
  }
});

Deno.test("withBfloatMultiples() refuses what is no multiple or has more bits", () => {
  for (const value of [0.5, 1.001, 257, -1023, NaN, Infinity]) {
    for (const before of [0, 3, 8, 20000]) {
      const values = [...new Array(before).fill(2), value];
      assertEquals(multiplesOf(values, 1), undefined, `${value} at ${before}`);
    }
  }
  assertEquals(multiplesOf([256, 510, -1020], 1), Float32Array.of(256, 510, -1020));
});
