import { assertEquals } from "@std/assert";
import { type TensorToWrite, writeSafetensors } from "../../lib/io/mod.ts";
import {
  type Architecture,
  type BlockSource,
  type LayerModuleName,
  loadModel,
  openModel,
  saveModel,
} from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { assertRefused, changeConfig, changeTensors, withSaved } from "./saved_model.ts";
import { families, randomIds, randomModel, withRandomModel } from "./tiny_models.ts";
import { logitsOf } from "./with_reference.ts";

/** What loading a folder gives: logits of some tokens, the architecture and the warnings. */
async function loaded(folder: string) {
  const model = await loadModel(folder);
  using open = await openModel(model);
  return {
    logits: logitsOf(open, randomIds(8)),
    architecture: model.architecture,
    warnings: model.warnings!.map((each) => each.replaceAll(folder, "FOLDER")),
  };
}

const useless = (name: string): TensorToWrite => ({
  name,
  shape: [1],
  data: Float32Array.of(1),
  dtype: "F32",
});

/** Where each family keeps its embedding, which is the head as well. */
const embeddings = {
  llama: "model.embed_tokens.weight",
  opt: "model.decoder.embed_tokens.weight",
  bloom: "transformer.word_embeddings.weight",
};

for (const [name, embedding] of Object.entries(embeddings)) {
  const architecture = families[name as keyof typeof families];

  Deno.test(`matchCheckpoint() finds a tied matrix under either name or both: ${name}`, async () => {
    await withRandomModel(architecture, async (model, stored) => {
      await withFolder(async (folder) => {
        await saveModel(stored, folder, "F32");
        const expected = { logits: logitsOf(model, randomIds(8)), architecture, warnings: [] };
        assertEquals(await loaded(folder), expected);
        const asHead = (each: TensorToWrite) => ({ ...each, name: "lm_head.weight" });
        await changeTensors(
          folder,
          (tensors) =>
            tensors.flatMap((each) => each.name === embedding ? [each, asHead(each)] : [each]),
        );
        assertEquals(await loaded(folder), expected);
        await changeTensors(folder, (tensors) => tensors.filter((each) => each.name !== embedding));
        assertEquals(await loaded(folder), expected);
      });
    });
  });

  // Transformers 5.24.0 does not tie what is stored with different values (tie_weights).
  Deno.test(`matchCheckpoint() uses a stored head that differs from the embedding: ${name}`, async () => {
    const untied: Architecture = { ...architecture, tiedHead: false };
    await withSaved(untied, async (folder) => {
      const expected = await loaded(folder);
      assertEquals(expected.warnings, []);
      await changeConfig(folder, { tie_word_embeddings: true });
      assertEquals(await loaded(folder), {
        ...expected,
        warnings: [
          "FOLDER/config.json ties the head to the embedding, but lm_head.weight differs from " +
          `${embedding}: the head is used as stored.`,
        ],
      });
    });
  });
}

Deno.test("matchCheckpoint() refuses a tied head of another shape than the embedding", async () => {
  await withSaved(families.opt, async (folder) => {
    await changeTensors(folder, (tensors) => [...tensors, useless("lm_head.weight")]);
    await assertRefused(
      folder,
      "Cannot load FOLDER: tensor lm_head.weight must have shape [50,24], got [1]",
    );
  });
});

Deno.test("matchCheckpoint() names what the configuration leaves out, and how often", async () => {
  const stored = await randomModel({
    ...families.llama,
    outputBias: true,
    queryKeyValueBias: true,
  });
  const biased = new Set<LayerModuleName>(["query", "key", "value", "output"]);
  const source: BlockSource = {
    ...stored.source,
    async layer(index) {
      const modules = Object.entries(await stored.source.layer(index)).map(([name, module]) => {
        const isBiased = biased.has(name as LayerModuleName);
        return [name, isBiased ? { weight: module.weight } : module];
      });
      return Object.fromEntries(modules);
    },
  };
  using unbiased = await openModel({ ...stored, source });
  await withFolder(async (folder) => {
    await saveModel(stored, folder, "F32");
    await changeConfig(folder, { attention_bias: false });
    const { logits, warnings } = await loaded(folder);
    assertEquals(logits, logitsOf(unbiased, randomIds(8)));
    assertEquals(warnings, [
      "The model does not use 8 tensors of FOLDER: model.layers.*.self_attn.k_proj.bias (2), " +
      "model.layers.*.self_attn.o_proj.bias (2), model.layers.*.self_attn.q_proj.bias (2), " +
      "model.layers.*.self_attn.v_proj.bias (2).",
    ]);
  });
});

Deno.test("matchCheckpoint() says that the configuration has fewer layers than the checkpoint", async () => {
  await withSaved(families.opt, async (folder) => {
    await changeConfig(folder, { num_hidden_layers: 1 });
    const { architecture, warnings } = await loaded(folder);
    assertEquals(architecture.layers, 1);
    assertEquals(
      warnings[0],
      "FOLDER/config.json has 1 of the checkpoint's 2 layers: the model " +
        "runs without the others.",
    );
    assertEquals(
      warnings[1].slice(0, 90),
      "The model does not use 16 tensors of FOLDER: " +
        "model.decoder.layers.*.fc1.bias, model.decode",
    );
    assertEquals(warnings[1].endsWith(" and 10 more kinds."), true);
    assertEquals(warnings.length, 2);
  });
});

Deno.test("matchCheckpoint() refuses more layers than the checkpoint has", async () => {
  await withSaved(families.bloom, async (folder) => {
    for (const layers of [3, 30_000]) {
      await changeConfig(folder, { n_layer: layers });
      await assertRefused(
        folder,
        "Cannot load FOLDER: it must not be configured with more layers than it has, 2, " +
          `got ${layers}`,
      );
    }
  });
});

Deno.test("matchCheckpoint() knows tensors that no model needs", async () => {
  const harmless = {
    llama: ["model.layers.0.self_attn.rotary_emb.inv_freq", "rotary_emb.inv_freq"],
    opt: ["decoder.version", "model.decoder.version"],
    bloom: [],
  };
  for (const [name, names] of Object.entries(harmless)) {
    await withSaved(families[name as keyof typeof families], async (folder) => {
      await changeTensors(folder, (tensors) => [...tensors, ...names.map(useless)]);
      assertEquals((await loaded(folder)).warnings, []);
      await changeTensors(folder, (tensors) => [...tensors, useless("my_inv_freq\x1b[2J")]);
      assertEquals((await loaded(folder)).warnings, [
        "The model does not use 1 tensor of FOLDER: my_inv_freq\\u{1b}[2J.",
      ]);
    });
  }
});

Deno.test("matchCheckpoint() names tensors of a shard that the index does not list", async () => {
  await withSaved(families.llama, async (folder) => {
    let names: string[] = [];
    await changeTensors(folder, (tensors) => {
      names = tensors.map(({ name }) => name);
      return [...tensors, useless("extra")];
    });
    await Deno.rename(`${folder}/model.safetensors`, `${folder}/shard.safetensors`);
    const map = Object.fromEntries(names.map((name) => [name, "shard.safetensors"]));
    const index = JSON.stringify({ weight_map: map });
    await Deno.writeTextFile(`${folder}/model.safetensors.index.json`, index);
    assertEquals((await loaded(folder)).warnings, [
      "The model does not use 1 tensor of FOLDER: extra.",
    ]);
  });
});

Deno.test("matchCheckpoint() says of quantized tensors that they are", async () => {
  const name = "model.layers.1.mlp.up_proj.weight";
  await withSaved(families.llama, async (folder) => {
    const change = (quantized: (each: TensorToWrite) => TensorToWrite) =>
      changeTensors(
        folder,
        (tensors) => tensors.map((each) => each.name === name ? quantized(each) : each),
      );
    await change((each) => ({ ...each, dtype: "I8", data: new Int8Array(each.data.length) }));
    await assertRefused(
      folder,
      `Cannot load FOLDER: tensor ${name} must be of one of the types F32 F16 BF16 F64 ` +
        'Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K, got "I8"',
    );
  });
  await withSaved(families.llama, async (folder) => {
    const packed = name.replace("weight", "qweight");
    await changeTensors(
      folder,
      (tensors) => tensors.map((each) => each.name === name ? { ...each, name: packed } : each),
    );
    await assertRefused(
      folder,
      `Cannot load FOLDER: tensor ${name} must have shape [40,24], got "${packed} ` +
        'without quantization_config in config.json"',
    );
  });
});

Deno.test("matchCheckpoint() refuses a checkpoint of another family", async () => {
  await withSaved(families.bloom, async (folder) => {
    await writeSafetensors(`${folder}/model.safetensors`, [useless("wte.weight")]);
    await assertRefused(
      folder,
      "Cannot load FOLDER: it must have a tensor transformer.word_embeddings.weight",
    );
  });
});

Deno.test("matchCheckpoint() refuses a checkpoint without embedding, or without another tensor", async () => {
  const missing: [keyof typeof families, string, string][] = [
    [
      "llama",
      "model.embed_tokens.weight",
      'tensor model.embed_tokens.weight must have shape [50,24], got "no such tensor"',
    ],
    [
      "opt",
      "model.decoder.layers.1.fc1.bias",
      'tensor model.decoder.layers.1.fc1.bias must have shape [40], got "no such tensor"',
    ],
    [
      "bloom",
      "transformer.h.0.self_attention.query_key_value.weight",
      "tensor transformer.h.0.self_attention.query_key_value.weight must have shape [72,24], " +
      'got "no such tensor"',
    ],
  ];
  for (const [family, missed, rule] of missing) {
    await withSaved(families[family], async (folder) => {
      await changeTensors(folder, (tensors) => tensors.filter(({ name }) => name !== missed));
      await assertRefused(folder, `Cannot load FOLDER: ${rule}`);
    });
  }
});

Deno.test("matchCheckpoint() refuses a tensor whose shape contradicts the configuration", async () => {
  const name = "transformer.h.1.self_attention.query_key_value.bias";
  await withSaved(families.bloom, async (folder) => {
    await changeTensors(
      folder,
      (tensors) => tensors.map((each) => each.name === name ? { ...each, shape: [24, 3] } : each),
    );
    await assertRefused(
      folder,
      `Cannot load FOLDER: tensor ${name} must have shape [72], got [24,3]`,
    );
  });
});

Deno.test("matchCheckpoint() refuses an untied model without a head", async () => {
  await withSaved(families.llama, async (folder) => {
    await changeConfig(folder, { tie_word_embeddings: false });
    await assertRefused(
      folder,
      'Cannot load FOLDER: tensor lm_head.weight must have shape [50,24], got "no such tensor"',
    );
  });
});

for (
  const [family, written, prefixes] of [
    ["llama", "model.", ["model.", ""]],
    ["opt", "model.decoder.", ["model.decoder.", "decoder.", ""]],
    ["bloom", "transformer.", ["transformer.", ""]],
  ] as const
) {
  Deno.test(`matchCheckpoint() finds the tensors of ${family} under every prefix`, async () => {
    await withRandomModel(families[family], async (model, stored) => {
      const expected = logitsOf(model, randomIds(8));
      for (const prefix of prefixes) {
        await withFolder(async (folder) => {
          await saveModel(stored, folder, "F32");
          await changeTensors(
            folder,
            (tensors) =>
              tensors.map((each) => ({ ...each, name: each.name.replace(written, prefix) })),
          );
          assertEquals((await loaded(folder)).logits, expected);
        });
      }
    });
  });
}
