import { assertEquals } from "@std/assert";
import { bundledModels } from "../../../experiments/measure/bundled.ts";
import type { TrainingResult } from "../../../experiments/measure/training_measure.ts";
import { trainingRows } from "../../../experiments/tables/training_rows.ts";
import { judgeTrainings, trainingTable } from "../../../experiments/tables/training_table.ts";
import { perplexityOf } from "../../../lib/eval/mod.ts";

const rows = trainingRows(bundledModels.llama, { steps: 50, batch: 2 });

/** Windows that lose so much, the last three a little more than the first. */
function readingOf(loss: number) {
  const windowLosses = [0, 0.1, 0.1, 0.1].map((more) => loss + more);
  return { perplexity: perplexityOf(windowLosses), scored: 40, windowLosses };
}

/** In float32, then in each of the bits of the row. */
function resultOf(full: number, few: number[], start: number, given = 1): TrainingResult {
  return {
    trainingLoss: null,
    full: readingOf(full),
    rounded: few.map(readingOf),
    sinks: {
      ...{ start: [start, start, start, start], given: Array(4).fill(given), zeros: [0, 0, 0, 0] },
      ...{ sinkRate: 0.25, kurtosis: [5, 5, 5, 6], largest: [7, 7, 7, 8] },
    },
  };
}

const results: Record<string, TrainingResult> = {
  "rounded": resultOf(1, [1.2, 2], 0.4),
  "floats": resultOf(0.9, [1.3, 1.9], 0.4),
  "qat-w4a8": resultOf(1, [1.1], 0.4),
  "edgeqat-w4a8": resultOf(1, [1.15], 0.4),
  "qat-w4a4": resultOf(1, [1.5], 0.4),
  "edgeqat-w4a4": resultOf(1, [1.4], 0.4),
  "softmax": resultOf(2, [2.3, 2.5], 0.4),
  "softpick": resultOf(2.1, [2.3, 2.7], 0.1, 0.2),
};

const measured = {
  model: "tiny",
  rows: rows.map((row) => ({ row, result: results[row.key] })),
};

Deno.test("trainingRows() train twins alike, for the bits that they are measured in", () => {
  const config = (key: string) => rows.find((row) => row.key === key)!.config;
  assertEquals(rows.map(({ key }) => key), Object.keys(results));
  assertEquals(config("rounded").recipe, undefined);
  for (const bits of ["w4a8", "w4a4"]) {
    const [plain, guided] = [`qat-${bits}`, `edgeqat-${bits}`].map(config);
    assertEquals(plain.rounded, [plain.recipe!.quantization!.bits]);
    const { quantization: _, ...own } = plain.recipe!;
    const { quantization: guidance, ...its } = guided.recipe!;
    assertEquals([own, its], [config("floats").recipe!, config("floats").recipe!]);
    assertEquals(guidance!.guidance, { entropy: 0.5, distribution: 1 });
  }
  assertEquals(config("softmax").recipe, config("softpick").recipe);
  assertEquals(config("softmax").architecture, bundledModels.llama.architecture);
  assertEquals(config("softpick").architecture, {
    ...bundledModels.llama.architecture,
    attentionNormalization: "softpick",
  });
  const { schedule, batch } = config("softpick").recipe!;
  assertEquals([schedule.steps, schedule.warmupSteps, batch], [50, 5, 2]);
});

Deno.test("trainingTable() shows what was measured, in the columns of its bits", () => {
  const { columns, rows } = trainingTable([measured], ["a note"]);
  const line = (row: typeof rows[number]) =>
    row.map((cell) => typeof cell === "object" && cell ? Number(cell.value.toFixed(2)) : cell);
  const exp = (loss: number) => Number(Math.exp(loss + 0.075).toFixed(2));
  assertEquals(columns.length, rows[0].length);
  assertEquals(line(rows[0]), [
    ...["tiny", "rounded after training", 0, exp(1), exp(1.2), exp(2)],
    ...[40, 100, 0, 25, 5.25, 7.25],
  ]);
  assertEquals(line(rows[4]).slice(1, 6), ["trained for W4A4", 50, exp(1), null, exp(1.5)]);
});

Deno.test("judgeTrainings() compares twins on the same windows", () => {
  const verdicts = Object.fromEntries(
    judgeTrainings(measured).map(({ claim, verdict }) => [claim, verdict]),
  );
  assertEquals(verdicts, {
    "training for W4A8 loses less than rounding after training": "reproduced",
    "training for W4A8 loses less than as many steps in float32": "reproduced",
    "EdgeQAT's guidance lowers the loss in W4A8": "contradicted",
    "softpick loses less by W4A8 than softmax": "reproduced",
    "training for W4A4 loses less than rounding after training": "reproduced",
    "training for W4A4 loses less than as many steps in float32": "reproduced",
    "EdgeQAT's guidance lowers the loss in W4A4": "reproduced",
    "softpick loses less by W4A4 than softmax": "contradicted",
    "softpick costs less than 1 % of perplexity": "contradicted",
    "softpick gives the first token less attention": "reproduced",
    "softpick gives the first token a smaller part of what it gives": "contradicted",
    "softpick lowers the kurtosis of the stream": "undecided",
    "softpick lowers the largest magnitude of the stream": "undecided",
  });
  assertEquals(judgeTrainings({ model: "tiny", rows: measured.rows.slice(0, 1) }), []);
});
