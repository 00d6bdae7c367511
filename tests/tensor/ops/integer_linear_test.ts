import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../../lib/core/mod.ts";
import { integerLinear, packWeight, tf, useBackend } from "../../../lib/tensor/mod.ts";
import { integerPaths } from "../integers.ts";

/** Small enough for every sum of products and scales to be an integer below 2^24. */
const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 5 }),
  columns: fc.integer({ min: 1, max: 40 }),
  tokens: fc.integer({ min: 1, max: 5 }),
  groups: fc.integer({ min: 1, max: 3 }),
  highest: fc.constantFrom(15, 255),
});

for (const [name, choose] of integerPaths) {
  Deno.test(`integerLinear() is exact where floats are: ${name}`, async () => {
    await choose();
    fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, tokens, groups, highest }, draw) => {
      const bytes = (length: number, max: number) =>
        draw(fc.uint8Array, { minLength: length, maxLength: length, max });
      const scale = Float32Array.from(bytes(rows * groups, 1), (power) => 2 ** power);
      const [codes, zeroPoint] = [bytes(rows * columns, highest), bytes(rows * groups, highest)];
      const groupIndex = Int32Array.from(bytes(columns, groups - 1));
      const [shift, [activationZero]] = [bytes(columns, 1), bytes(1, 255)];
      const activation = bytes(tokens * columns, 255);
      const biases = Float32Array.from(bytes(rows, 255));
      const weight = packWeight(
        { rows, columns, codes, scale, zeroPoint, groupIndex },
        { step: 1, zeroPoint: activationZero, shift },
      );
      const bias = tf.tensor1d(biases);
      const output = integerLinear(weight, tokens, (first, count, out) => {
        const places = weight.order.length;
        for (let at = 0; at < count * places; at++) {
          const column = weight.order[at % places];
          const row = (first + Math.floor(at / places)) * columns;
          out[at] = column < 0 ? 0 : activation[row + column];
        }
      }, bias);
      const expected = Float32Array.from({ length: tokens * rows }, (_, at) => {
        const [token, row] = [Math.floor(at / rows), at % rows];
        let sum = biases[row];
        for (let c = 0; c < columns; c++) {
          const grid = row * groups + groupIndex[c];
          const input = (activation[token * columns + c] - activationZero) * 2 ** shift[c];
          sum += input * (codes[row * columns + c] - zeroPoint[grid]) * scale[grid];
        }
        return sum;
      });
      assertEquals(output.dataSync(), expected);
      tf.dispose([bias, output]);
    }));
  });
}

Deno.test("integerLinear() refuses a bias of other length, and other backends", async () => {
  const weight = packWeight({
    ...{ rows: 2, columns: 1, codes: new Uint8Array(2), groupIndex: new Int32Array(1) },
    ...{ scale: Float32Array.of(1, 1), zeroPoint: new Uint8Array(2) },
  }, { step: 1, zeroPoint: 0, shift: new Uint8Array(1) });
  const apply = (bias?: tf.Tensor1D) => () => integerLinear(weight, 1, () => {}, bias);
  await useBackend("agile");
  const long = tf.tensor1d([1, 2, 3]);
  assertThrows(
    apply(long),
    InputError,
    "Cannot apply a linear layer in integers: bias must be [2], got [3]",
  );
  long.dispose();
  await useBackend("cpu");
  assertThrows(
    apply(),
    InputError,
    'Cannot apply a linear layer in integers: the backend must be agile, got "cpu"',
  );
});
