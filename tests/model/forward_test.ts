import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openSafetensors } from "../../lib/io/mod.ts";
import {
  disposeModel,
  embedTokens,
  forward,
  headInput,
  loadModel,
  logits,
  type Model,
  runLayer,
  type State,
  type Visit,
} from "../../lib/model/mod.ts";
import { tensorData, tf, useBackend } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";

const golden = new URL("../golden/hf/", import.meta.url).pathname;
await useBackend("agile");

/** The largest difference between a tensor and golden values of the same size. */
function distance(actual: tf.Tensor, expected: Float32Array): number {
  const values = tensorData(actual);
  assertEquals(values.length, expected.length);
  return values.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i])), 0);
}

async function withModel(name: string, run: (model: Model) => void | Promise<void>) {
  const model = await loadModel(golden + name);
  try {
    await run(model);
  } finally {
    disposeModel(model);
  }
}

async function goldens(name: string) {
  const file = await openSafetensors(`${golden}${name}/goldens.safetensors`);
  const read = async (key: string) => (await file.readFloat32(key)).data;
  const ids = async (tag: string) =>
    Int32Array.from(
      (await file.read(`${tag}.input_ids`)).data as Int32Array | BigInt64Array,
      Number,
    );
  return { read, ids, close: () => file.close() };
}

for (const name of ["opt-pre", "opt-pre-sharded", "bloom", "llama"]) {
  const source = name === "opt-pre-sharded" ? "opt-pre" : name;
  for (const tag of ["len1", "len96"]) {
    Deno.test(`forward() agrees with the official code: ${name}, ${tag}`, async () => {
      const expected = await goldens(source);
      await withModel(name, async (model) => {
        const maps: tf.Tensor[] = [];
        const tap = (value: tf.Tensor, { site }: Visit) => {
          if (site === "attn.probs") maps.push(tf.keep(value.clone()));
          return value;
        };
        let state: State = embedTokens(model, await expected.ids(tag));
        assert(distance(state.hidden, await expected.read(`${tag}.hidden.embed`)) < 1e-4);
        for (let layer = 0; layer < model.architecture.layers; layer++) {
          state = runLayer(model, layer, state, { hook: tap }).state;
          assert(distance(state.hidden, await expected.read(`${tag}.hidden.${layer}`)) < 1e-4);
          assert(distance(maps[layer], await expected.read(`${tag}.attn.${layer}`)) < 2e-5);
        }
        const final = await expected.read(`${tag}.hidden.final`);
        assert(distance(headInput(model, state.hidden), final) < 1e-4);
        const scores = await expected.read(`${tag}.logits`);
        assert(distance(logits(model, state.hidden), scores) < 2e-5);
      });
      expected.close();
      tf.disposeVariables();
    });
  }
}

for (const name of ["llama-f16", "llama-bf16"]) {
  Deno.test(`forward() agrees with the official code on rounded weights: ${name}`, async () => {
    const expected = await goldens(name);
    const { sequences } = JSON.parse(await Deno.readTextFile(`${golden}${name}/goldens.json`));
    await withModel(name, async (model) => {
      const { hidden } = forward(model, Int32Array.from(sequences.len96.input_ids));
      assert(distance(logits(model, hidden), await expected.read("len96.logits")) < 2e-5);
    });
    expected.close();
  });
}

Deno.test("forward() gives every window of a batch what it gets alone", async () => {
  for (const name of ["opt-pre", "bloom", "llama"]) {
    await withModel(name, (model) => {
      const ids = Int32Array.from({ length: 60 }, (_, i) => (i * 37 + 11) % 512);
      const together = tensorData(forward(model, ids, {}, 3).hidden);
      for (const window of [0, 1, 2]) {
        const alone = forward(model, ids.slice(window * 20, window * 20 + 20)).hidden;
        const size = alone.size;
        assert(distance(alone, together.slice(window * size, (window + 1) * size)) < 1e-5);
      }
    });
  }
});

Deno.test("forward() prunes after attention and renumbers or keeps positions", async () => {
  await withModel("llama", (model) => {
    const ids = Int32Array.from({ length: 40 }, (_, i) => (i * 91 + 5) % 512);
    const pruning = {
      ratios: new Map([[0, 0.25], [1, 0.5]]),
      importance: startTokenImportance,
      positions: "renumber" as const,
    };
    const renumbered = forward(model, ids, { pruning });
    const kept = forward(model, ids, { pruning: { ...pruning, positions: "keep" } });
    assertEquals(renumbered.positions.length, 15);
    assertEquals(renumbered.positions[0], 0);
    assertEquals(renumbered.exits.map((exit) => exit.positions.length), [10, 15]);
    const everyone = [renumbered, ...renumbered.exits].flatMap(({ positions }) => [...positions]);
    assertEquals(everyone.sort((a, b) => a - b), Array.from({ length: 40 }, (_, i) => i));
    // Layer 0 has seen the same positions in both modes, so the same tokens leave there.
    assertEquals(kept.exits[0].positions, renumbered.exits[0].positions);
    assert(distance(kept.exits[0].hidden, tensorData(renumbered.exits[0].hidden)) === 0);
    assert(distance(kept.hidden, tensorData(renumbered.hidden)) > 1e-4);
  });
});

Deno.test("forward() hands every site to the hook and goes on with what it returns", async () => {
  await withModel("llama", (model) => {
    const ids = Int32Array.of(1, 2, 3, 4);
    const met = new Set<string>();
    forward(model, ids, {
      hook: (value, { site, layer }) => {
        met.add(`${layer} ${site} ${value.shape}`);
        return value;
      },
    });
    assertEquals([...met].filter((line) => line.startsWith("0")), [
      "0 attn.input 4,64",
      "0 attn.qBeforeRotary 4,64",
      "0 attn.kBeforeRotary 4,64",
      "0 attn.q 4,64",
      "0 attn.k 4,64",
      "0 attn.v 4,64",
      "0 attn.probs 4,4,4",
      "0 attn.output 4,64",
      "0 mlp.input 4,64",
      "0 mlp.hidden 4,176",
    ]);
    const plain = forward(model, ids).hidden;
    for (const target of new Set([...met].map((line) => line.split(" ")[1]))) {
      const changed = forward(model, ids, {
        hook: (value, { site }) => site === target ? tf.mul(value, 0.5) : value,
      }).hidden;
      assert(distance(changed, tensorData(plain)) > 1e-6, `${target} changes nothing`);
    }
  });
});

Deno.test("forward() keeps no tensors but what it returns", async () => {
  await withModel("bloom", (model) => {
    const ids = Int32Array.from({ length: 30 }, (_, i) => i);
    const run = () => tf.dispose(forward(model, ids).hidden);
    run();
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) run();
    assertEquals(tf.memory().numTensors, before);
  });
});

Deno.test("forward() refuses ids outside the vocabulary and windows too long", async () => {
  await withModel("opt-pre", (model) => {
    assertThrows(
      () => forward(model, Int32Array.of(3, 512)),
      InputError,
      "Cannot run the model: token ids must be 0..511, got 512",
    );
    assertThrows(
      () => forward(model, new Int32Array(257)),
      InputError,
      "Cannot run the model: a window must have 1..256 tokens, got 257",
    );
  });
});
