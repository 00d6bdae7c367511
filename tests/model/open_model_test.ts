import { assert, assertEquals, assertRejects } from "@std/assert";
import { randomModel as modelOfFloats } from "../../experiments/measure/random_model.ts";
import { InputError } from "../../lib/core/mod.ts";
import type { FloatDtype } from "../../lib/format/mod.ts";
import { denseMapOf } from "../../lib/linear/mod.ts";
import { forward, logits, type MapMaker, openModel } from "../../lib/model/mod.ts";
import { freeBytes, tf, tidy, useBackend } from "../../lib/tensor/mod.ts";
import { families, randomIds, randomModel, tinyArchitectures } from "./tiny_models.ts";

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`openModel() opens every block and frees all that it opened: ${name}`, async () => {
    const model = await randomModel({ ...architecture, layers: 3 });
    const before = tf.memory();
    {
      using open = await openModel(model);
      assertEquals(open.name, model.name);
      assertEquals(open.architecture, model.architecture);
      assertEquals(open.blocks.map(({ layer }) => layer), [0, 1, 2]);
      tidy(() => void logits(open, forward(open, randomIds(5)).hidden));
    }
    assertEquals(tf.memory().numTensors, before.numTensors);
    assertEquals(tf.memory().numBytes, before.numBytes);
  });
}

Deno.test("openModel() may open a model several times: each is freed for itself", async () => {
  const model = await randomModel(families.llama);
  using first = await openModel(model);
  {
    using _second = await openModel(model);
  }
  tidy(() => void logits(first, forward(first, randomIds(5)).hidden));
});

Deno.test("openModel() keeps 16-bit weights as they are stored", async () => {
  await useBackend("agile");
  const bytes = async (dtype: FloatDtype) => {
    const free = freeBytes();
    using open = await openModel(modelOfFloats("random", families.opt, dtype));
    tidy(() => void logits(open, forward(open, randomIds(5)).hidden));
    const { up } = open.blocks[0].maps;
    return { map: up!.byteLength, all: free - freeBytes() };
  };
  const [whole, half] = [await bytes("F32"), await bytes("F16")];
  const { hiddenSize, intermediateSize } = families.opt;
  assertEquals(whole.map - half.map, 2 * hiddenSize * intermediateSize);
  assert(half.all < 0.8 * whole.all, `${half.all} of ${whole.all} bytes`);
});

Deno.test("openModel() frees what it has opened when a later block is refused", async () => {
  const model = await randomModel(families.llama);
  const before = tf.memory().numTensors;
  const layer = (index: number) =>
    index === 1 ? Promise.reject(new Error("refused")) : model.source.layer(index);
  const source = { ...model.source, layer };
  await assertRejects(() => openModel({ ...model, source }), Error, "refused");
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("openModel() refuses more blocks than fit into the memory, once it is clear", async () => {
  const model = await randomModel({ ...families.llama, layers: 5 });
  const opened: number[] = [];
  const maps: MapMaker = ({ names }, modules, layer) => {
    if (names.includes("down")) opened.push(layer);
    return modules.map(({ weight }) => ({ ...denseMapOf(weight), byteLength: 2 ** 28 }));
  };
  const large = { ...model, source: { ...model.source, maps } };
  const before = tf.memory().numTensors;
  await assertRejects(
    () => openModel(large),
    InputError,
    "Cannot open random: its 5 blocks and the head must fit into 4.00 GiB of memory, " +
      'got "5.25 GiB with 3 of them"',
  );
  assertEquals(opened, [0, 1, 2]);
  assertEquals(tf.memory().numTensors, before);
  await useBackend("cpu"); // sets no limit
  {
    using open = await openModel(large);
    assertEquals(open.blocks.length, 5);
  }
  await useBackend("agile");
});
