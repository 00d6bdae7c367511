import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  bitsPerWeight,
  type CodebookCodes,
  codebookMatrix,
  decodeMatrix,
} from "../../lib/format/mod.ts";
import golden from "../golden/format/dense_and_sparse.json" with { type: "json" };
import { codesOf, floats, someRows } from "./arbitrary_values.ts";

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 4 }),
  columns: fc.integer({ min: 1, max: 20 }),
  bits: fc.integer({ min: 2, max: 8 }),
});

Deno.test("CodebookMatrix.decode() looks codes up in the codebook of their row, for any rows", () => {
  fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns, bits }, draw) => {
    const codes = draw(codesOf, bits, rows * columns);
    const numbers = draw(floats, rows * 2 ** bits);
    const codebooks = draw(fc.boolean) ? new Float16Array(numbers) : numbers;
    const [first, end] = draw(someRows, rows);
    const values = new Float32Array((end - first) * columns);
    codebookMatrix({ rows, columns, bits, codes, codebooks }).decode(first, values);
    const expected = values.map((_, i) => {
      const at = first * columns + i;
      return codebooks[Math.floor(at / columns) * 2 ** bits + codes[at]];
    });
    assertEquals(values, expected);
  }));
});

Deno.test("codebookMatrix() holds weights of SqueezeLLM: 3 bits, and 8 values for each row", () => {
  const { rows, columns, bits, labels, centroids } = golden.squeezeLlm;
  const matrix = codebookMatrix({
    ...{ rows, columns, bits },
    codes: Uint8Array.from(labels),
    codebooks: Float32Array.from(centroids),
  });
  const expected = labels.map((label, i) => centroids[Math.floor(i / columns) * 8 + label]);
  assertEquals(decodeMatrix(matrix), Float32Array.from(expected));
  assertEquals(matrix.byteLength, 2 * 192 * 3 / 8 + 2 * 8 * 4);
  assertEquals(bitsPerWeight(matrix), 3 + 8 * 32 / 192);
});

const codes: CodebookCodes = {
  ...{ rows: 1, columns: 3, bits: 2, codes: Uint8Array.of(0, 3, 1) },
  codebooks: Float32Array.of(-1, 0, 1, 4),
};
for (
  const [what, change, rule] of [
    ["1 bit", { bits: 1 }, "bits must be an integer in 2..8, got 1"],
    ["other columns", { columns: 4 }, "it must hold 1 x 4 values, got 3"],
    [
      "a code of more bits",
      { codes: Uint8Array.of(0, 4, 1) },
      "codes must be integers in 0..3, got 4",
    ],
    [
      "a short codebook",
      { codebooks: new Float32Array(3) },
      "it needs 1 codebook of 4 values, got 3",
    ],
  ] as const
) {
  Deno.test(`codebookMatrix() refuses ${what}`, () => {
    assertThrows(
      () => codebookMatrix({ ...codes, ...change, name: "up of layer 3" }),
      InputError,
      `Cannot store up of layer 3: ${rule}`,
    );
  });
}

Deno.test("CodebookMatrix.decode() refuses rows that are not there", () => {
  const message = "Cannot read rows of a matrix: they must lie in 0..0, got [1,1]";
  assertThrows(() => codebookMatrix(codes).decode(1, new Float32Array(3)), InputError, message);
});
