import { assertEquals } from "@std/assert";
import { execute, randomIds, randomModel } from "../../bench/jobs/models.ts";
import { Stopwatch } from "../../bench/jobs/stopwatch.ts";
import type { Execution } from "../../experiments/bench_record.ts";
import { modelShapes } from "../../experiments/model_shapes.ts";
import { type Architecture, disposeModel, forward } from "../../lib/model/mod.ts";
import { tf, useBackend } from "../../lib/tensor/mod.ts";

/** One small block of a family. */
function tiny(shape: Architecture): Architecture {
  return {
    ...shape,
    layers: 1,
    hiddenSize: 64,
    embeddingSize: 64,
    intermediateSize: 128,
    heads: 4,
    keyValueHeads: 4,
    headDim: 16,
    vocabularySize: 64,
  };
}

/**
 * How often a clock that moves on by one when it is read is read for each operation: before and after
 * each linear map, at each site, and at the end.
 */
const optReadings = {
  "norms": 4,
  "q/k/v": 7,
  "rotary": 1,
  "attention": 2,
  "projection": 1,
  "FC1": 1,
  "activation": 3,
  "FC2": 1,
  "quantization": 0,
};

const llamaReadings = { ...optReadings, "norms": 5, "rotary": 3, "FC1": 2 };

for (
  const [name, execution, expected] of [
    ["small", "FP32", optReadings],
    ["small", "W8A8", { ...optReadings, "quantization": 7 }],
    ["small", "W4A8", { ...optReadings, "quantization": 7 }],
    ["LLaMA-7B", "FP32", llamaReadings],
    ["LLaMA-7B", "W4A8", { ...llamaReadings, "quantization": 9 }],
  ] satisfies [keyof typeof modelShapes, Execution, Record<string, number>][]
) {
  Deno.test(`Stopwatch.time() divides a block of ${name} in ${execution} and changes nothing`, async () => {
    await useBackend("agile");
    const { model, forward: options } = await execute(
      await randomModel(name, tiny(modelShapes[name])),
      execution,
    );
    const ids = randomIds(model, 32);
    let readings = 0;
    const stopwatch = new Stopwatch(() => ++readings);
    const hook = stopwatch.hook(options.hook);
    const watched = stopwatch.watch(model);
    const plain = forward(model, ids, options).hidden;
    let hidden = plain;
    const booked = stopwatch.time(() =>
      hidden = forward(watched, ids, { ...options, hook }).hidden
    );
    assertEquals(hidden.dataSync(), plain.dataSync());
    assertEquals(booked, expected);
    assertEquals(Object.values(booked).reduce((sum, each) => sum + each), readings - 1);
    tf.dispose([hidden, plain]);
    disposeModel(model);
  });
}
