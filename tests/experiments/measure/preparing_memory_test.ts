import { assertEquals } from "@std/assert";
import { modelShapes } from "../../../experiments/measure/model_shapes.ts";
import {
  type PlannedPreparation,
  preparingMemory,
} from "../../../experiments/measure/preparing_memory.ts";
import { methods } from "../../../lib/methods/mod.ts";
import { streamBytes, windowBytes } from "../../../lib/model/mod.ts";

const architecture = modelShapes["LLaMA-7B"];
const { hiddenSize, intermediateSize } = architecture;
const planned: PlannedPreparation = {
  ...{ architecture, method: methods.gptq4, window: 2048 },
  ...{ weightWindows: 128, activationWindows: 10 },
};
const stream = streamBytes(architecture, 2048);
const values = windowBytes(architecture, 2048);
/** Codes of the largest map, and a part of its rows as float32 and float64. */
const changing = hiddenSize * intermediateSize + 12 * 2 ** 22;
const hessian = 6 * intermediateSize ** 2;

Deno.test("preparingMemory() counts of GPTQ all windows, the largest Hessian with its factor, and codes", () => {
  assertEquals(preparingMemory(planned), 128 * stream + values + hessian + changing);
  // Where windows wait on the disk, 1 GiB of them is in memory.
  const onDisk = preparingMemory({ ...planned, hasScratch: true });
  assertEquals(onDisk, 2 ** 30 + values + hessian + changing);
  const few = { ...planned, weightWindows: 1, hasScratch: true };
  assertEquals(preparingMemory(few), stream + values + hessian + changing);
});

Deno.test("preparingMemory() counts of round-to-nearest the codes alone, and nothing of floats", () => {
  assertEquals(preparingMemory({ ...planned, method: methods.rtn4 }), changing);
  assertEquals(preparingMemory({ ...planned, method: methods.fp16 }), 0);
});

Deno.test("preparingMemory() counts of gradients all blocks, and streams before each of them", () => {
  const block = 4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize;
  const squeeze = { ...planned, method: methods.squeezellm4, weightWindows: 1 };
  const streams = 32 * stream; // more than 1 GiB
  const fisher = 4 * 32 * block + streams + 2 * values + 8 * block;
  assertEquals(preparingMemory(squeeze), fisher + changing);
  const short = { ...squeeze, window: 16, weightWindows: 1000 };
  const few = 4 * 32 * block + 2 ** 30 + 2 * windowBytes(architecture, 16) + 8 * block;
  assertEquals(preparingMemory(short), few + changing);
});

Deno.test("preparingMemory() of weights and activations is that of the greater, which come in turn", () => {
  const both = preparingMemory({ ...planned, method: methods["agileq-8"] });
  assertEquals(both, preparingMemory(planned));
  const few = { ...planned, method: methods["agileq-8"], weightWindows: 1, activationWindows: 100 };
  const alone = { ...few, method: methods["agileq-8-activations"] };
  assertEquals(preparingMemory(few), preparingMemory(alone));
});
