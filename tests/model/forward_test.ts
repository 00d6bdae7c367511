import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  embedTokens,
  forward,
  headInput,
  loadModel,
  logits,
  openModel,
  runBlock,
  type SiteHook,
  type State,
} from "../../lib/model/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { startTokenImportance } from "../../lib/tokens/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { assertFloatsClose } from "../tensor/compare.ts";
import {
  type ConfigurationName,
  configurations,
  withConfiguration,
} from "./golden_configurations.ts";
import { runReference } from "./reference_decoder.ts";
import { softmax } from "./reference_weights.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";
import { logitsIn, logitsOf, withReference } from "./with_reference.ts";

const golden = new URL("../golden/hf/", import.meta.url).pathname;

function goldens(name: string) {
  const { tensors } = readGolden(`hf/${name}/goldens.safetensors`);
  return (key: string) => tensors.get(key)!.data;
}

for (const name of ["opt-pre", "opt-pre-sharded", "bloom", "llama"]) {
  for (const tag of ["len1", "len96"]) {
    Deno.test(`forward() agrees with the official code: ${name}, ${tag}`, async () => {
      const expected = goldens(name === "opt-pre-sharded" ? "opt-pre" : name);
      using model = await openModel(await loadModel(golden + name));
      const { architecture, outer, blocks } = model;
      tidy(() => {
        const hook: SiteHook = (value, { site, layer }) => {
          if (site === "attn.probs") {
            assertFloatsClose(tensorData(value), expected(`${tag}.attn.${layer}`), 2e-5);
          }
          return value;
        };
        let state: State = embedTokens(
          architecture,
          outer,
          expected(`${tag}.input_ids`) as Int32Array,
        );
        assertFloatsClose(tensorData(state.hidden), expected(`${tag}.hidden.embed`), 1e-5);
        for (const block of blocks) {
          state = runBlock(architecture, block, state, { hook }).state;
          assertFloatsClose(
            tensorData(state.hidden),
            expected(`${tag}.hidden.${block.layer}`),
            1e-5,
          );
        }
        const final = headInput(model, state.hidden);
        assertFloatsClose(tensorData(final), expected(`${tag}.hidden.final`), 1e-5);
        const scores = logits(model, state.hidden);
        assertFloatsClose(tensorData(scores), expected(`${tag}.logits`), 2e-5);
      });
    });
  }
}

for (const name of ["llama-f16", "llama-bf16"]) {
  Deno.test(`forward() agrees with the official code on rounded weights: ${name}`, async () => {
    const { sequences } = JSON.parse(await Deno.readTextFile(`${golden}${name}/goldens.json`));
    using model = await openModel(await loadModel(golden + name));
    const scores = logitsOf(model, Int32Array.from(sequences.len96.input_ids));
    assertFloatsClose(scores, goldens(name)("len96.logits"), 2e-5);
  });
}

for (const name of Object.keys(configurations) as ConfigurationName[]) {
  Deno.test(`forward() agrees with the official code: ${name}`, () =>
    withConfiguration(name, (model, { ids, logits }) => {
      assertFloatsClose(logitsOf(model, ids), logits, 1e-5);
    }));
}

/** What of the models of `hf` that say it in perplexities has the weights. */
const published = {
  "llama3-rope": "llama3-rope",
  "llama3-rope-v4": "llama3-rope",
  "llama-linear-rope": "llama-linear-rope",
  "qwen2": "qwen2",
  "mistral-sliding-window": "mistral-sliding-window",
  "llama-head-dim": "llama-head-dim",
};

for (const [name, weights] of Object.entries(published)) {
  Deno.test(`forward() has the perplexity of the official code: ${name}`, async () => {
    const { sequences: { len96 } } = JSON.parse(
      await Deno.readTextFile(`${golden}${name}/goldens.json`),
    );
    const expected = goldens(weights);
    await withFolder(async (folder) => {
      await Deno.copyFile(`${golden}${name}/config.json`, `${folder}/config.json`);
      await Deno.copyFile(`${golden}${weights}/model.safetensors`, `${folder}/model.safetensors`);
      using model = await openModel(await loadModel(folder));
      const ids = Int32Array.from(len96.input_ids);
      const scores = logitsOf(model, ids);
      const { vocabularySize } = model.architecture;
      const losses = [...ids.subarray(1)].map((id, token) => {
        const row = [...scores.subarray(token * vocabularySize, (token + 1) * vocabularySize)];
        return -Math.log(softmax(row)[id]);
      });
      assertFloatsClose(losses, expected("len96.nll"), 1e-5);
      assertFloatsClose(scores.slice(-vocabularySize), expected("len96.logits_last"), 1e-5);
      const perplexity = Math.exp(losses.reduce((sum, loss) => sum + loss) / losses.length);
      assertAlmostEquals(perplexity / len96.perplexity, 1, 1e-6);
    });
  });
}

for (const [name, architecture] of Object.entries(tinyArchitectures)) {
  Deno.test(`forward() agrees with the float64 reference: ${name}`, async () => {
    await withReference(architecture, (model, reference) => {
      const ids = randomIds(40);
      const { tokens } = runReference(reference, ids);
      assertFloatsClose(logitsOf(model, ids), tokens.flatMap(logitsIn(reference)), 1e-5);
    });
  });
}

Deno.test("forward() gives every window of a batch what it gets alone", async () => {
  for (const architecture of Object.values(tinyArchitectures)) {
    await withRandomModel(architecture, (model) => {
      const ids = randomIds(60);
      tidy(() => {
        const together = tensorData(forward(model, ids, {}, 3).hidden);
        const size = together.length / 3;
        for (const window of [0, 1, 2]) {
          const alone = forward(model, ids.slice(window * 20, window * 20 + 20)).hidden;
          const part = together.subarray(window * size, (window + 1) * size);
          assertFloatsClose(tensorData(alone), part, 1e-5);
        }
      });
    });
  }
});

Deno.test("forward() keeps no tensors but what it returns", async () => {
  for (const architecture of Object.values(families)) {
    await withRandomModel(architecture, (model) => {
      const before = tf.memory().numTensors;
      const pruning = {
        ratios: new Map([[1, 0.5]]),
        importance: startTokenImportance,
        positions: "renumber" as const,
      };
      const { hidden, exits } = forward(model, randomIds(30), { pruning });
      assertEquals(tf.memory().numTensors, before + 2);
      tf.dispose([hidden, exits[0].hidden]);
      assertEquals(tf.memory().numTensors, before);
    });
  }
});

Deno.test("forward() stops between two blocks once its signal is aborted", () =>
  withRandomModel(families.llama, (model) => {
    const controller = new AbortController();
    const { signal } = controller;
    const seen: number[] = [];
    const hook: SiteHook = (value, { layer }) => {
      seen.push(layer);
      controller.abort();
      return value;
    };
    const before = tf.memory().numTensors;
    assertThrows(() => forward(model, randomIds(5), { hook, signal }), DOMException, "aborted");
    assertEquals(new Set(seen), new Set([0]));
    assertEquals(tf.memory().numTensors, before);
  }));

Deno.test("forward() refuses ids outside the vocabulary", async () => {
  await withRandomModel(families.llama, (model) => {
    for (const id of [-1, 50]) {
      assertThrows(
        () => forward(model, Int32Array.of(3, id)),
        InputError,
        `Cannot run the model: token ids must be 0..49, got ${id}`,
      );
    }
  });
});

Deno.test("forward() refuses windows that are too long, empty or of unequal length", async () => {
  await withRandomModel(families.opt, (model) => {
    const refused = (ids: number, batch: number, found: string) =>
      assertThrows(
        () => forward(model, new Int32Array(ids), {}, batch),
        InputError,
        `Cannot run the model: a window must have 1..64 tokens, got ${found}`,
      );
    refused(65, 1, "65");
    refused(0, 1, "0");
    refused(7, 2, "3.5");
    assertEquals(tidy(() => forward(model, new Int32Array(128), {}, 2)).hidden.shape, [128, 24]);
  });
});
