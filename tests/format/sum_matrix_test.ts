import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  affineMatrix,
  codebookMatrix,
  decodeMatrix,
  floatMatrix,
  lowRankMatrix,
  sparseMatrix,
  type StoredMatrix,
  type SumMatrix,
  sumMatrix,
} from "../../lib/format/mod.ts";
import golden from "../golden/format/dense_and_sparse.json" with { type: "json" };
import { floats, someRows } from "./arbitrary_values.ts";

Deno.test("SumMatrix decodes to its base and parts, added one after the other in float32", () => {
  const sizes = fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.constant(3) });
  fc.assert(fc.property(sizes, fc.gen(), ({ rows, columns }, draw) => {
    const [a, b] = [0, 1].map(() => draw(floats, rows * columns));
    const base = floatMatrix("F32", a, rows, columns);
    const lowRank = lowRankMatrix(
      floatMatrix("F32", draw(floats, rows), 1, rows),
      floatMatrix("F32", draw(floats, columns), 1, columns),
    );
    const c = decodeMatrix(lowRank);
    const [first, end] = draw(someRows, rows);
    const values = new Float32Array((end - first) * columns);
    sumMatrix(base, [sparseMatrix(b, rows, columns), lowRank]).decode(first, values);
    const expected = values.map((_, i) => {
      const at = first * columns + i;
      return Math.fround(a[at] + b[at]) + c[at];
    });
    assertEquals(values.map((value) => value + 0), expected.map((value) => value + 0));
  }));
});

/** A base with some elements as they were: what is missing is added. */
function withOutliers(base: StoredMatrix, values: Float32Array, outliers: number[]): SumMatrix {
  const rest = decodeMatrix(base).map((value, i) => outliers.includes(i) ? values[i] - value : 0);
  return sumMatrix(base, [sparseMatrix(rest, base.rows, base.columns)]);
}

Deno.test("SumMatrix holds weights of SqueezeLLM: a codebook for each row, and outliers", () => {
  const { rows, columns, bits, labels, centroids, weight, outliers } = golden.squeezeLlm;
  const base = codebookMatrix({
    ...{ rows, columns, bits },
    codes: Uint8Array.from(labels),
    codebooks: Float32Array.from(centroids),
  });
  const matrix = withOutliers(base, Float32Array.from(weight), outliers);
  const dense = decodeMatrix(base);
  decodeMatrix(matrix).forEach((value, i) => {
    const expected = outliers.includes(i) ? weight[i] : dense[i];
    assert(Math.abs(value - expected) <= 2 ** -24, `${i}: ${value} instead of ${expected}`);
  });
  assertEquals(matrix.byteLength, base.byteLength + outliers.length * 6 + 3 * 4);
});

Deno.test("SumMatrix holds weights of SpQR: 4 bits in act-order, float zero points, outliers", () => {
  const { rows, columns, bits, groupSize, scale, zeroPoint, permutation } = golden.spqr;
  const { codesPermuted, outliersPermuted, dequant } = golden.spqr;
  const rank = new Int32Array(columns);
  permutation.forEach((column, place) => rank[column] = place);
  const base = affineMatrix({
    ...{ rows, columns, bits },
    codes: Uint8Array.from(
      codesPermuted,
      (_, i) => codesPermuted[i - i % columns + rank[i % columns]],
    ),
    scale: Float32Array.from(scale),
    zeroPoint: Float32Array.from(zeroPoint),
    groupIndex: rank.map((place) => Math.floor(place / groupSize)),
  });
  const outliers = outliersPermuted.map((at) => at - at % columns + permutation[at % columns]);
  const values = decodeMatrix(withOutliers(base, Float32Array.from(dequant), outliers));
  values.forEach((value, i) => {
    assert(Math.abs(value - dequant[i]) <= 2 ** -24, `${i}: ${value} instead of ${dequant[i]}`);
  });
});

Deno.test("sumMatrix() refuses parts of another shape", () => {
  const base = floatMatrix("F32", new Float32Array(6), 2, 3);
  for (const [rows, columns] of [[3, 3], [2, 2]]) {
    const part = sparseMatrix(new Float32Array(rows * columns), rows, columns);
    assertThrows(
      () => sumMatrix(base, [part], "up of layer 3"),
      InputError,
      `Cannot store up of layer 3: its parts must be 2 x 3, got [${rows},${columns}]`,
    );
  }
});
