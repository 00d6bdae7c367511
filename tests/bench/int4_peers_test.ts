import { assertEquals } from "@std/assert";
import * as peers from "../../bench/int4_peers.wasm";
import { seededRandom } from "../../lib/core/mod.ts";

const [m, n] = [12, 32];

/** `[lines, k]` in panels `[lines / width, k / step, width, step]`. */
function panels(lines: number[][], width: number, step: number): number[] {
  const k = lines[0].length;
  return Array.from({ length: lines.length * k }, (_, index) => {
    const block = Math.floor(index / (width * step));
    const panel = Math.floor(block / (k / step));
    const line = panel * width + Math.floor(index / step) % width;
    return lines[line][(block % (k / step)) * step + index % step];
  });
}

for (
  const [name, ArrayOf, rows, columns, step, activations, weights] of [
    ["float32Simd", Float32Array, 4, 8, 1, [-128, 127], [0, 127]],
    ["float32Relaxed", Float32Array, 4, 8, 1, [-128, 127], [0, 127]],
    ["int8Simd", Int8Array, 4, 4, 4, [-128, 127], [0, 127]],
    ["int16Simd", Int16Array, 4, 8, 2, [-128, 127], [0, 127]],
    ["int8Relaxed", Int8Array, 4, 8, 4, [-128, 127], [0, 127]],
    ["int4Relaxed", Int8Array, 4, 8, 4, [0, 15], [-8, 7]],
  ] as const
) {
  Deno.test(`${name}() adds the exact product of integers`, () => {
    for (const k of [24, 1028]) {
      const random = seededRandom(0);
      const matrix = (lines: number, [low, high]: readonly [number, number]) =>
        Array.from(
          { length: lines },
          (_, line) =>
            Array.from({ length: k }, () => line === 0 ? high : random.integer(low, high)),
        );
      const [left, right] = [matrix(m, activations), matrix(n, weights)];
      const [a, b, c] = [0, 4 * m * k, 4 * (m + n) * k];
      reserve(c + 4 * m * n);
      const buffer = peers.memory.buffer as ArrayBuffer;
      new ArrayOf(buffer, a).set(panels(left, rows, step));
      new ArrayOf(buffer, b).set(panels(right, columns, step));
      const sums = ArrayOf === Float32Array
        ? new Float32Array(buffer, c, m * n)
        : new Int32Array(buffer, c, m * n);
      sums.fill(1);
      peers[name](a, b, c, m / rows, n / columns, k);
      const exact = left.flatMap((row) =>
        right.map((column) => row.reduce((sum, value, i) => sum + value * column[i], 1))
      );
      assertEquals(Array.from(sums), exact);
    }
  });
}

Deno.test("int4ByMultiplication() adds the exact product of codes, spilling as often as it must", () => {
  for (const k of [24, 600]) {
    const random = seededRandom(0);
    const matrix = (lines: number) =>
      Array.from(
        { length: lines },
        (_, line) => Array.from({ length: k }, () => line === 0 ? 15 : random.integer(0, 15)),
      );
    const [left, right] = [matrix(m), matrix(n)];
    const pairs = Array.from(
      { length: n / 2 },
      (_, pair) => right[2 * pair].map((code, i) => code * 2 ** 8 + right[2 * pair + 1][i]),
    );
    const [a, b, c] = [0, 4 * m * k, 4 * (m + n) * k];
    reserve(c + 4 * m * n);
    const { buffer } = peers.memory;
    new Uint32Array(buffer, a).set(panels(left, 4, 1).map((code) => code * 0x10001));
    new Uint16Array(buffer, b).set(panels(pairs, 8, 1));
    const sums = new Int32Array(buffer, c, m * n).fill(0);
    peers.int4ByMultiplication(a, b, c, m / 4, n / 16, k);
    const exact = left.flatMap((row) =>
      right.map((column) => row.reduce((sum, value, i) => sum + value * column[i], 0))
    );
    assertEquals(Array.from(sums), exact);
  }
});

Deno.test("waitRounds() adds and folds as often as it says", () => {
  let value = 3n;
  for (let i = 0; i < 8 * 5; i++) value = BigInt.asIntN(64, (value + 7n) ^ 7n);
  assertEquals(peers.waitRounds(5, 3n, 7n), value);
});

function reserve(bytes: number): void {
  const missing = bytes - peers.memory.buffer.byteLength;
  if (missing > 0) peers.memory.grow(Math.ceil(missing / 65536));
}
