import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { addCounts, floatType, repeatCounts } from "../../lib/format/mod.ts";
import { multiplyByShifts, shiftFormats, shiftProduct } from "../../lib/quant/mod.ts";

/** The value of every code, by definition. */
const values = {
  int4: Float32Array.from({ length: 16 }, (_, code) => code < 8 ? code : code - 16),
  fp4: floatType({ bits: 4, exponentBits: 2 }).values,
};

const names = ["int4", "fp4"] as const;

for (const name of names) {
  const format = shiftFormats[name];

  Deno.test(`shiftProduct() of ${name} is the product, of all codes and all INT8`, () => {
    for (let code = 0; code < 16; code++) {
      for (let activation = -128; activation < 128; activation++) {
        const product = format.unit * shiftProduct(format, code, activation);
        assertEquals(product + 0, values[name][code] * activation + 0); // neither is -0
      }
    }
  });

  Deno.test(`shiftProduct() of ${name} takes as many operations whatever the code`, () => {
    const { "add int32": _, ...own } = format.counts;
    for (let code = 0; code < 16; code++) {
      const tally = {};
      shiftProduct(format, code, 77, tally);
      assertEquals(tally, own);
    }
  });
}

const [rows, columns, tokens, groupSize] = [3, 12, 2, 4];
const weights = {
  ...{ rows, columns, groupSize },
  codes: Uint8Array.from({ length: rows * columns }, (_, i) => (7 * i + 3) % 16),
  scales: Float32Array.from({ length: rows * columns / groupSize }, (_, i) => 0.01 * (i + 1)),
};
const activations = Int8Array.from({ length: tokens * columns }, (_, i) => (37 * i) % 256 - 128);

for (const name of names) {
  Deno.test(`multiplyByShifts() dequantizes integer sums of groups: ${name}, bit for bit`, () => {
    const { output } = multiplyByShifts(shiftFormats[name], weights, activations);
    const expected = Float32Array.from({ length: tokens * rows }, (_, place) => {
      const [token, row] = [Math.floor(place / rows), place % rows];
      let total = 0;
      for (let group = 0; group < columns / groupSize; group++) {
        let sum = 0;
        for (let i = group * groupSize; i < (group + 1) * groupSize; i++) {
          sum += values[name][weights.codes[row * columns + i]] * activations[token * columns + i];
        }
        const part = Math.fround(sum * weights.scales[row * columns / groupSize + group]);
        total = Math.fround(total + part);
      }
      return total;
    });
    assertEquals(output, expected);
  });

  Deno.test(`multiplyByShifts() counts what it does: ${name}`, () => {
    const { counts } = multiplyByShifts(shiftFormats[name], weights, activations);
    const expected = addCounts(
      repeatCounts(shiftFormats[name].counts, tokens * rows * columns),
      repeatCounts(
        { "multiply float32": 1, "add float32": 1 },
        tokens * rows * columns / groupSize,
      ),
    );
    assertEquals(counts, expected);
  });
}

Deno.test("multiplyByShifts() refuses groups that do not divide the columns, and sizes that do not fit", () => {
  const { int4 } = shiftFormats;
  const cases = [
    [{ ...weights, groupSize: 5 }, activations, "groups must divide 12 columns, got 5"],
    [
      { ...weights, codes: weights.codes.slice(1) },
      activations,
      "there must be 36 codes and 9 scales, got [35,9]",
    ],
    [weights, activations.slice(1), "tokens must have 12 values, got 23"],
  ] as const;
  for (const [changed, values, rule] of cases) {
    const message = `Cannot multiply by shifts: ${rule}`;
    assertThrows(() => multiplyByShifts(int4, changed, values), InputError, message);
  }
});
