import { assertEquals } from "@std/assert";
import * as peers from "../../bench/int4_peers.wasm";
import { seededRandom } from "../../lib/core/mod.ts";

const [m, k, n] = [8, 24, 16];

/** `[lines, k]` in panels `[lines / width, k / step, width, step]`. */
function panels(lines: number[][], width: number, step: number): number[] {
  return Array.from({ length: lines.length * k }, (_, index) => {
    const block = Math.floor(index / (width * step));
    const panel = Math.floor(block / (k / step));
    const line = panel * width + Math.floor(index / step) % width;
    return lines[line][(block % (k / step)) * step + index % step];
  });
}

for (
  const [name, kernel, ArrayOf, columns, step] of [
    ["int8Simd", peers.int8Simd, Int8Array, 4, 4],
    ["int8Relaxed", peers.int8Relaxed, Int8Array, 4, 4],
    ["int16Simd", peers.int16Simd, Int16Array, 4, 2],
    ["float32Simd", peers.float32Simd, Float32Array, 8, 1],
  ] as const
) {
  Deno.test(`${name}() adds the exact product of integers`, () => {
    const random = seededRandom(0);
    const matrix = (lines: number, low: number) =>
      Array.from(
        { length: lines },
        () => Array.from({ length: k }, () => random.integer(low, 127)),
      );
    const [activations, weights] = [matrix(m, -128), matrix(n, 0)];
    const [a, b, c] = [0, 4 * m * k, 4 * (m + n) * k];
    peers.memory.grow(1);
    const buffer = peers.memory.buffer as ArrayBuffer;
    new ArrayOf(buffer, a).set(panels(activations, 4, step));
    new ArrayOf(buffer, b).set(panels(weights, columns, step));
    const sums = ArrayOf === Float32Array
      ? new Float32Array(buffer, c, m * n)
      : new Int32Array(buffer, c, m * n);
    sums.fill(1);
    kernel(a, b, c, m / 4, n / columns, k);
    const exact = activations.flatMap((row) =>
      weights.map((column) => row.reduce((sum, value, i) => sum + value * column[i], 1))
    );
    assertEquals(Array.from(sums), exact);
  });
}
