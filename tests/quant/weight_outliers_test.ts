import { assertAlmostEquals, assertEquals } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { Magnitudes, rangeOfShare, sensitiveOutliers } from "../../lib/quant/weight_outliers.ts";
import { rivalGoldens } from "./rival_goldens.ts";

/** What SqueezeAILab/SqueezeLLM keeps. */
interface OutlierCase {
  id: string;
  kind: string;
  thresholds: Record<string, number>;
  sensitivity_percent: number;
}

const { cases, floats, bytes } = rivalGoldens<OutlierCase>("squeezellm");
const weight = floats("weight");

Deno.test("Magnitudes.threshold() equals the reference", () => {
  const { thresholds } = cases.find(({ kind }) => kind === "thresholds")!;
  const magnitudes = new Magnitudes(weight);
  for (const [range, expected] of Object.entries(thresholds)) {
    const threshold = magnitudes.threshold(Number(range));
    assertAlmostEquals(threshold / expected, 1, 1e-6);
    const count = weight.reduce((sum, each) => sum + Number(Math.abs(each) >= threshold), 0);
    assertEquals(magnitudes.outliers(Number(range)), count);
  }
});

Deno.test("sensitiveOutliers() equals the reference", () => {
  const { sensitivity_percent: percent } = cases.find(({ id }) => id === "sensitive")!;
  const found = sensitiveOutliers(floats("fisher"), percent / 100);
  const isKept = found.map((each, i) => weight[i] === 0 ? 0 : each); // 0 does without
  assertEquals(isKept, bytes("outliers").map((each) => each & 1));
  assertEquals(sensitiveOutliers(floats("fisher"), 0).includes(1), false);
});

Deno.test("rangeOfShare() keeps as many weights of matrices together as it may", () => {
  const random = seededRandom(3);
  const matrices = [1, 5].map((scale) =>
    new Magnitudes(Float32Array.from({ length: 4000 }, () => scale * random.normal() ** 3))
  );
  for (const share of [0.004, 0.05]) {
    const range = rangeOfShare(matrices, share);
    const count = matrices.reduce((sum, each) => sum + each.outliers(range), 0);
    assertEquals(count, share * 8000);
  }
  const equal = new Magnitudes(new Float32Array(8).fill(1));
  assertEquals(equal.outliers(rangeOfShare([equal], 0.5)), 8); // no range tells them apart
});
