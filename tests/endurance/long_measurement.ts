/**
 * A program that measures for long and prints its memory ever so often, as JSON: `long_measurement.ts windows 200`
 * scores 200 times 100 windows with one model; `long_measurement.ts cells 60` measures 60 cells, for each of which it
 * opens another model than for the one before.
 */
import * as tf from "@tensorflow/tfjs";
import { cellRunner } from "../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { evaluationCells } from "../../experiments/measure/evaluation.ts";
import { silent } from "../../lib/core/mod.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { tinyCells, writeTinyRef } from "../experiments/cells/tiny_cells.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, randomIds, randomModel } from "../model/tiny_models.ts";

/** What memory holds after some turns. */
export interface MemorySample {
  /** Of the process, in bytes, once garbage is collected. */
  resident: number;
  /** Of JavaScript's objects and buffers, in bytes. */
  heap: number;
  tensors: number;
}

function sample(): MemorySample {
  (globalThis as unknown as { gc(): void }).gc();
  const { rss: resident, heapUsed, external } = Deno.memoryUsage();
  return { resident, heap: heapUsed + external, tensors: tf.memory().numTensors };
}

async function samplesOf(turns: number, turn: (index: number) => Promise<unknown>) {
  const samples: MemorySample[] = [];
  for (let index = 0; index < turns; index++) {
    await turn(index);
    samples.push(sample());
  }
  return samples;
}

async function scoreWindows(turns: number) {
  const model = await randomModel(families.llama);
  const window = 16;
  const ids = randomIds(100 * window, 1);
  return await samplesOf(turns, () => perplexity(model, ids, { window }));
}

async function measureCells(turns: number) {
  let samples: MemorySample[] = [];
  await withFolder(async (folder) => {
    const methods = ["fp16", "rtn4", "gptq4", "agileq-8"] as const;
    const planned = await Promise.all([0, 1].map(async (index) => {
      await Deno.mkdir(`${folder}/${index}`);
      return await tinyCells(await writeTinyRef(`${folder}/${index}`, 4), methods);
    }));
    const run = cellRunner([evaluationCells], new SubjectPool(1, [], { scratch: folder }));
    const { signal } = new AbortController();
    samples = await samplesOf(turns, (index) => {
      const cells = planned[index % 2];
      return run(cells[(index >> 1) % cells.length], { progress: silent, signal });
    });
  });
  return samples;
}

const [work, turns] = Deno.args;
const samples = await (work === "windows" ? scoreWindows : measureCells)(Number(turns));
console.log(JSON.stringify(samples));
Deno.exit(0);
