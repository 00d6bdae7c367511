import { assertEquals } from "@std/assert";
import {
  affineMatrix,
  blockMatrix,
  codebookMatrix,
  floatMatrix,
  lowRankMatrix,
  sparseMatrix,
  storageOf,
  sumMatrix,
} from "../../lib/format/mod.ts";

const half = floatMatrix("F16", new Float16Array(6), 2, 3);
const codes = (columns: number, groups: number, groupIndex?: number[]) =>
  affineMatrix({
    ...{ rows: 1, columns, bits: 3, codes: new Uint8Array(columns) },
    ...{ scale: new Float32Array(groups), zeroPoint: new Uint8Array(groups) },
    groupIndex: groupIndex && Int32Array.from(groupIndex),
  });

Deno.test("storageOf() adds up matrices and names their forms, that of the most weights first", () => {
  const matrices = [half, codes(4, 2, [0, 0, 1, 1]), codes(4, 2, [1, 0, 0, 1])];
  const byteLength = matrices.reduce((sum, matrix) => sum + matrix.byteLength, 0);
  assertEquals(storageOf(matrices), {
    forms: ["3 bits in groups of 2", "F16"],
    ...{ matrices: 3, weights: 14, byteLength },
    bitsPerWeight: 8 * byteLength / 14,
  });
  assertEquals(storageOf([half]).bitsPerWeight, 16);
  assertEquals(storageOf([]).bitsPerWeight, NaN);
});

Deno.test("storageOf() calls every form by its own name", () => {
  const form = (matrix: Parameters<typeof storageOf>[0] extends Iterable<infer M> ? M : never) =>
    storageOf([matrix]).forms[0];
  assertEquals(form(codes(4, 1)), "3 bits in whole rows");
  assertEquals(form(codes(5, 2, [0, 0, 0, 1, 1])), "3 bits in groups of 3");
  assertEquals(form(blockMatrix("Q4_1", new Uint8Array(40), 2, 32)), "Q4_1");
  const books = { rows: 1, columns: 2, bits: 2, codes: new Uint8Array(2) };
  assertEquals(
    form(codebookMatrix({ ...books, codebooks: new Float32Array(4) })),
    "2 bits by a codebook per row",
  );
  const [left, right] = [[1, 2], [1, 3]].map(([rows, columns]) =>
    floatMatrix("F32", new Float32Array(rows * columns), rows, columns)
  );
  const parts = [
    sparseMatrix(new Float32Array(6), 2, 3, { dtype: "F16" }),
    lowRankMatrix(left, right),
  ];
  assertEquals(form(sumMatrix(half, parts)), "F16 + sparse F16 + rank 1 (F32)");
});
