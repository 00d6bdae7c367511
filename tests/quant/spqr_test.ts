import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  AffineMatrix,
  bitsPerWeight,
  decodeMatrix,
  floatMatrix,
  sumMatrix,
} from "../../lib/format/mod.ts";
import { HessianFactor, spqr, type SpqrOptions } from "../../lib/quant/mod.ts";
import { rivalGoldens } from "./rival_goldens.ts";
import { assertSameNumbers } from "./support.ts";

/** What Vahe1994/SpQR made of a layer. */
interface SpqrCase {
  id: string;
  round_zero: boolean;
  simplified_outliers: boolean;
  qq_groupsize: number;
  wbits: number;
  groupsize: number;
  qq_scale_bits: number | null;
  outlier_threshold: number;
  permutation_order: string;
  percdamp: number;
  average_bits_rounded_by_reference: number;
  outlier_count: number;
  threshold: number;
}

const { cases, floats, integers, bytes } = rivalGoldens<SpqrCase>("spqr");
const [rows, columns] = [64, 192];
const layer = floatMatrix("F32", floats("weight"), rows, columns);

function optionsOf(each: SpqrCase): SpqrOptions {
  return {
    ...{ bits: each.wbits, groupSize: each.groupsize, statisticsGroupSize: each.qq_groupsize },
    ...each.qq_scale_bits !== null && { statisticsBits: each.qq_scale_bits },
    ...{ outlierThreshold: each.outlier_threshold, percdamp: each.percdamp },
    actOrder: each.permutation_order === "act_order",
    ...{ leaveOneOut: !each.simplified_outliers, roundZeroPoint: each.round_zero },
  };
}

function quantize(options: SpqrOptions) {
  using factor = new HessianFactor(floats("hessian"), options);
  return { ...spqr(factor, layer, options), order: factor.order };
}

for (const each of cases) {
  Deno.test(`spqr() equals the reference: ${each.id}`, () => {
    const { base, outliers, threshold, order } = quantize(optionsOf(each));
    assertSameNumbers(order, integers(`${each.id}.permutation`), "order");
    assertAlmostEquals(threshold / each.threshold, 1, 1e-5);
    assertEquals(outliers.count, each.outlier_count);
    const [codes, corrections] = [base.readCodes(), decodeMatrix(outliers)];
    const permuted = Uint8Array.from(codes, (_, i) => {
      const place = i - i % columns + order[i % columns];
      return codes[place] + 128 * Number(corrections[place] !== 0);
    });
    assertSameNumbers(permuted, bytes(`${each.id}.codes`), "codes and outliers");
    if (base.scale instanceof AffineMatrix) {
      const inRows = (matrix: AffineMatrix) =>
        // [rows / 16, groups, 16] to [rows, groups]
        Uint8Array.from(matrix.readCodes(), (_, i, all = matrix.readCodes()) => {
          const [row, group] = [Math.floor(i * 16 / matrix.columns), i % (matrix.columns / 16)];
          return all[Math.floor(row / 16) * matrix.columns + group * 16 + row % 16];
        });
      const zeroPoint = base.zeroPoint as AffineMatrix;
      assertSameNumbers(inRows(base.scale), bytes(`${each.id}.scale_codes`), "codes of scales");
      assertSameNumbers(inRows(zeroPoint), bytes(`${each.id}.zero_codes`), "codes of zeros");
      assertClose(base.scale.scales(), floats(`${each.id}.scale_scale`));
      assertClose(base.scale.zeroPoints(), floats(`${each.id}.scale_zero`));
      assertClose(zeroPoint.scales(), floats(`${each.id}.zero_scale`));
      assertClose(zeroPoint.zeroPoints(), floats(`${each.id}.zero_zero`));
    }
    if (each.id !== "near_lossless") return;
    const values = decodeMatrix(sumMatrix(base, [outliers]));
    floats(`${each.id}.dequant`).forEach((value, i) => assertAlmostEquals(values[i], value, 1e-5));
  });

  Deno.test(`spqr() stores the bits that its authors count, and where they are: ${each.id}`, () => {
    const options: SpqrOptions = { ...optionsOf(each), floatDtype: "F16" };
    const { base, outliers } = quantize(options);
    const share = outliers.count / (rows * columns);
    const statistics = each.qq_scale_bits ?? 16;
    const ofStatistics = each.qq_scale_bits ? 64 / (each.groupsize * 16) : 0;
    const counted = each.wbits + 2 * statistics / each.groupsize + ofStatistics + 32 * share;
    const reference = each.wbits + 2 * statistics / each.groupsize + ofStatistics +
      32 * each.outlier_count / (rows * columns);
    if (ofStatistics > 0) { // without, their code counts zero points as codes
      assertAlmostEquals(reference, each.average_bits_rounded_by_reference, 0.005);
    }
    const index = 32 * (rows + 1) + (options.actOrder ? 8 * columns : 0); // not in their formula
    assertAlmostEquals(
      bitsPerWeight(sumMatrix(base, [outliers])),
      counted + index / (rows * columns),
      1e-9,
    );
  });
}

Deno.test("spqr() makes up for what F16 loses of grids and outliers", () => {
  const options = optionsOf(cases[0]);
  const errors = (["F32", "F16"] as const).map((floatDtype) => {
    const { base, outliers } = quantize({ ...options, floatDtype });
    const values = decodeMatrix(sumMatrix(base, [outliers]));
    return values.reduce((sum, value, i) => sum + (value - floats("weight")[i]) ** 2, 0);
  });
  assertAlmostEquals(errors[1] / errors[0], 1, 0.02);
});

Deno.test("spqr() has the values of groups that are all the same, and of rows alike", () => {
  const values = Float32Array.from({ length: 4 * 8 }, (_, i) => [0, -0.25, 3, 0.5][i >> 3]);
  const hessian = Float32Array.from(
    { length: 36 },
    (_, i) => [0, 8, 15, 21, 26, 30, 33, 35].includes(i) ? 1 : 0,
  );
  const options: SpqrOptions = {
    ...{ bits: 3, groupSize: 4, statisticsBits: 3, statisticsGroupSize: 1 },
    ...{ outlierThreshold: 1e6, actOrder: false },
  };
  using factor = new HessianFactor(hessian, options);
  const { base } = spqr(factor, floatMatrix("F32", values, 4, 8), options);
  assertEquals(decodeMatrix(base), values);
});

function assertClose(actual: ArrayLike<number>, expected: Float32Array): void {
  assertEquals(actual.length, expected.length);
  expected.forEach((value, i) =>
    assert(Math.abs(actual[i] / value - 1) < 1e-5, `${actual[i]} not ${value}`)
  );
}

Deno.test("spqr() refuses rows that grids of grids do not divide, and other settings that there are not", () => {
  const options = optionsOf(cases[0]);
  const refused: [Partial<SpqrOptions>, string][] = [
    [{ statisticsGroupSize: 24 }, "statisticsGroupSize must divide its 64 rows, got 24"],
    [{ statisticsGroupSize: 0.5 }, "statisticsGroupSize must divide its 64 rows, got 0.5"],
    [
      { statisticsGroupSize: Infinity },
      "statisticsGroupSize must divide its 64 rows, got Infinity",
    ],
    [{ statisticsBits: 9 }, "bits must be an integer in 2..8, got 9"],
    [{ bits: 1 }, "bits must be an integer in 2..8, got 1"],
    [{ outlierThreshold: 0 }, "outlierThreshold must be greater than 0, got 0"],
    [{ groupSize: 0 }, 'groupSize must be a positive integer or "row", got 0'],
  ];
  for (const [change, rule] of refused) {
    const message = `Cannot quantize weight: ${rule}`;
    assertThrows(() => quantize({ ...options, ...change }), InputError, message);
  }
});
