import { assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../../lib/core/mod.ts";
import { fixedLinear, holdFixed, tensorData, tf, useBackend } from "../../../lib/tensor/mod.ts";

await useBackend("agile");

/** Integers of 16 bits, the extremes among them. */
function integers(length: number, seed: number): Int16Array {
  const random = seededRandom(seed);
  const ends = [-32768, 32767];
  return Int16Array.from(
    { length },
    () => random.uniform() < 0.3 ? ends[random.integer(0, 2)] : random.integer(-32768, 32768),
  );
}

/** Number by number: sums of chains modulo 2^32, added up in float32. */
function byDefinition(
  x: Int16Array,
  w: Int16Array,
  [rows, columns, outputs]: number[],
  chain: number,
): { values: Float32Array; wrapped: number } {
  const values = new Float32Array(rows * outputs);
  let wrapped = 0;
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let total = 0;
      for (let start = 0; start < columns; start += chain) {
        let sum = 0n;
        for (let i = start; i < Math.min(start + chain, columns); i++) {
          sum += BigInt(x[row * columns + i]) * BigInt(w[output * columns + i]);
        }
        const kept = BigInt.asIntN(32, sum);
        if (kept !== sum) wrapped++;
        total = Math.fround(total + Math.fround(Number(kept)));
      }
      values[row * outputs + output] = total / 8;
    }
  }
  return { values, wrapped };
}

Deno.test("fixedLinear() sums chains modulo 2^32 and adds them in float32, bit for bit", () => {
  let wraps = 0;
  for (const chain of [8, 16, 32, 1024]) {
    for (const [rows, columns, outputs] of [[1, 8, 4], [3, 37, 5], [2, 128, 9], [5, 3, 1]]) {
      const [x, w] = [integers(rows * columns, chain), integers(outputs * columns, columns)];
      using weight = holdFixed({ codes: w, exponent: -7 }, outputs, columns);
      const { values, wrapped } = byDefinition(x, w, [rows, columns, outputs], chain);
      const product = fixedLinear({ codes: x, exponent: 4 }, weight, chain);
      assertEquals(tensorData(product), values, `chains of ${chain}, ${rows} x ${columns}`);
      assertEquals(product.shape, [rows, outputs]);
      product.dispose();
      wraps += wrapped;
    }
  }
  assertEquals(wraps > 100, true, "some sums must leave 32 bits");
});

Deno.test("fixedLinear() leaves no tensors, and refuses what does not fit", () => {
  using weight = holdFixed({ codes: new Int16Array(12), exponent: 0 }, 2, 6);
  const { numTensors } = tf.memory();
  const apply = (length: number, chain: number) =>
    fixedLinear({ codes: new Int16Array(length), exponent: 0 }, weight, chain);
  apply(6, 8).dispose();
  assertEquals(tf.memory().numTensors, numTensors);
  const refuses = (length: number, chain: number, rule: string) => {
    const message = `Cannot apply a linear layer of fixed point: ${rule}`;
    assertThrows(() => apply(length, chain), InputError, message);
  };
  refuses(7, 8, "x must be [rows, 6], got 7");
  refuses(6, 12, "chain must be a positive multiple of 8, got 12");
});
