import { assertEquals } from "@std/assert";
import { execute, randomIds } from "../../bench/jobs/models.ts";
import { Stopwatch } from "../../bench/jobs/stopwatch.ts";
import type { OperandTypes } from "../../experiments/result/bench_record.ts";
import { randomModel } from "../../experiments/measure/random_model.ts";
import { modelShapes } from "../../experiments/measure/model_shapes.ts";
import { type Architecture, forward } from "../../lib/model/mod.ts";
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

for (
  const [name, execution] of [
    ["small", "FP32"],
    ["small", "W8A8"],
    ["small", "W4A8"],
    ["LLaMA-7B", "FP32"],
    ["LLaMA-7B", "W4A8"],
  ] satisfies [keyof typeof modelShapes, OperandTypes][]
) {
  Deno.test(`Stopwatch.time() divides a block of ${name} in ${execution} and changes nothing`, async () => {
    await useBackend("agile");
    const { model, forward: options } = await execute(
      randomModel(name, tiny(modelShapes[name])),
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
    // The clock moves on by one whenever it is read, and it is read for every operation.
    const { quantization, rotary, ...others } = booked;
    assertEquals(quantization > 0, execution !== "FP32");
    assertEquals(rotary, name === "small" ? 0 : 3); // positions are learned; table, queries and keys
    assertEquals(Object.entries(others).filter(([, times]) => times === 0), []);
    assertEquals(Object.values(booked).reduce((sum, each) => sum + each), readings - 1);
    tf.dispose([hidden, plain]);
    model[Symbol.dispose]();
  });
}
