import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type TensorToWrite, writeSafetensors } from "../../lib/io/mod.ts";
import { type Architecture, disposeModel, loadModel, saveModel } from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { families, randomIds, tinyArchitectures, withRandomModel } from "./tiny_models.ts";
import { logitsOf } from "./with_reference.ts";

/** Runs a test on the folder of a random model. */
async function withSaved(
  architecture: Architecture,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  await withRandomModel(architecture, async (model) => {
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32");
      await test(folder);
    });
  });
}

async function changeConfig(folder: string, changes: Record<string, unknown>): Promise<void> {
  const path = `${folder}/config.json`;
  const config = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...config, ...changes }));
}

/** Rewrites the checkpoint. */
async function changeTensors(
  folder: string,
  change: (tensors: TensorToWrite[]) => TensorToWrite[],
): Promise<void> {
  const path = `${folder}/model.safetensors`;
  const tensors = [...readGolden(path).tensors].map(([name, { shape, data }]): TensorToWrite => ({
    name,
    shape,
    data,
    dtype: "F32",
  }));
  await writeSafetensors(path, change(tensors));
}

/** Asserts that a folder is refused with this message, and that nothing of it stays in memory. */
async function assertRefused(folder: string, message: string): Promise<void> {
  const before = tf.memory().numTensors;
  const error = await assertRejects(() => loadModel(folder), InputError);
  assertEquals(error.message.replaceAll(folder, "FOLDER"), message);
  assertEquals(tf.memory().numTensors, before);
}

const refusedFields: [keyof typeof families, Record<string, unknown>, string][] = [
  ["llama", { model_type: "gpt2" }, 'model_type must be llama, opt, bloom, got "gpt2"'],
  ["llama", { model_type: null }, "model_type must be llama, opt, bloom, got null"],
  ["llama", { model_type: "toString" }, 'model_type must be llama, opt, bloom, got "toString"'],
  [
    "llama",
    { rope_scaling: { type: "linear", factor: 2 } },
    "rope_parameters or rope_scaling must be absent or of type default, " +
    'got {"type":"linear","factor":2}',
  ],
  [
    "llama",
    { rope_parameters: { rope_type: "llama3" } },
    'rope_parameters or rope_scaling must be absent or of type default, got {"rope_type":"llama3"}',
  ],
  [
    "llama",
    { rope_scaling: "linear" },
    'rope_parameters or rope_scaling must be absent or of type default, got "linear"',
  ],
  ["llama", { rope_theta: 0 }, "rope_theta must be a positive number, got 0"],
  [
    "llama",
    { rope_theta: null, rope_parameters: { rope_theta: "big" } },
    'rope_theta must be a positive number, got "big"',
  ],
  ["llama", { sliding_window: 4096 }, "sliding_window must be null, got 4096"],
  ["llama", { partial_rotary_factor: 0.5 }, "partial_rotary_factor must be 1, got 0.5"],
  ["llama", { hidden_act: "gelu" }, 'hidden_act must be "silu", got "gelu"'],
  [
    "llama",
    { num_key_value_heads: 4 },
    "num_key_value_heads must divide num_attention_heads 6, got 4",
  ],
  [
    "llama",
    { num_attention_heads: 5, num_key_value_heads: 5, head_dim: null },
    "num_attention_heads must be a divisor of the hidden size 24, got 5",
  ],
  ["llama", { head_dim: 3 }, "head_dim must be even, got 3"],
  ["llama", { vocab_size: undefined }, "vocab_size must be a positive integer, got null"],
  ["llama", { num_hidden_layers: 1.5 }, "num_hidden_layers must be a positive integer, got 1.5"],
  ["llama", { attention_bias: "yes" }, 'attention_bias must be true or false, got "yes"'],
  ["llama", { bos_token_id: -1 }, "bos_token_id must be a token id, got -1"],
  ["opt", { activation_function: "gelu" }, 'activation_function must be "relu", got "gelu"'],
  [
    "opt",
    { layer_norm_elementwise_affine: false },
    "layer_norm_elementwise_affine must be true, got false",
  ],
  [
    "opt",
    { num_attention_heads: 7 },
    "num_attention_heads must be a divisor of the hidden size 24, got 7",
  ],
  [
    "bloom",
    { apply_residual_connection_post_layernorm: true },
    "apply_residual_connection_post_layernorm must be false, got true",
  ],
  [
    "bloom",
    { layer_norm_epsilon: "1e-5" },
    'layer_norm_epsilon must be a positive number, got "1e-5"',
  ],
];

for (const [family, changes, rule] of refusedFields) {
  Deno.test(`loadModel() refuses ${family} with ${JSON.stringify(changes)}`, async () => {
    await withSaved(families[family], async (folder) => {
      await changeConfig(folder, changes);
      await assertRefused(folder, `Cannot load FOLDER/config.json: ${rule}`);
    });
  });
}

Deno.test("loadModel() refuses a folder without config.json", async () => {
  await withSaved(families.opt, async (folder) => {
    await Deno.remove(`${folder}/config.json`);
    await assertRefused(folder, "Cannot read FOLDER/config.json: the file must exist");
  });
});

Deno.test("loadModel() refuses a config.json that is no JSON object", async () => {
  await withSaved(families.opt, async (folder) => {
    for (const text of ["null", "[]", "3"]) {
      await Deno.writeTextFile(`${folder}/config.json`, text);
      await assertRefused(
        folder,
        `Cannot load FOLDER/config.json: it must be a JSON object, got ${text}`,
      );
    }
  });
});

Deno.test("loadModel() refuses a checkpoint without embedding, or without another tensor", async () => {
  const missing: [keyof typeof families, string, string][] = [
    ["llama", "model.embed_tokens.weight", "it must have a tensor model.embed_tokens.weight"],
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

Deno.test("loadModel() refuses a tensor whose shape contradicts the configuration", async () => {
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

Deno.test("loadModel() refuses an untied model without a head", async () => {
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
  Deno.test(`loadModel() finds the tensors of ${family} under every prefix`, async () => {
    await withRandomModel(families[family], async (model) => {
      const expected = logitsOf(model, randomIds(8));
      for (const prefix of prefixes) {
        await withFolder(async (folder) => {
          await saveModel(model, folder, "F32");
          await changeTensors(
            folder,
            (tensors) =>
              tensors.map((each) => ({ ...each, name: each.name.replace(written, prefix) })),
          );
          const loaded = await loadModel(folder);
          assertEquals(logitsOf(loaded, randomIds(8)), expected);
          disposeModel(loaded);
        });
      }
    });
  });
}

Deno.test("loadModel() ignores tensors it has no use for", async () => {
  await withRandomModel(families.llama, async (model) => {
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32");
      const useless = [
        "model.layers.0.self_attn.rotary_emb.inv_freq",
        "model.layers.9.mlp.up_proj.weight",
        "lm_head.weight",
      ].map((name): TensorToWrite => ({
        name,
        shape: [1],
        data: Float32Array.of(1),
        dtype: "F32",
      }));
      await changeTensors(folder, (tensors) => [...tensors, ...useless]);
      const loaded = await loadModel(folder);
      assertEquals(logitsOf(loaded, randomIds(8)), logitsOf(model, randomIds(8)));
      disposeModel(loaded);
    });
  });
});

Deno.test("loadModel() reads older and newer names of the same fields", async () => {
  const { llama, bloom } = tinyArchitectures;
  const renamed: [Architecture, Record<string, unknown>, Partial<Architecture>][] = [
    [llama, { rope_theta: undefined, rope_parameters: { rope_theta: 500, rope_type: "default" } }, {
      positions: { kind: "rotary", theta: 500 },
    }],
    [llama, { rope_theta: undefined }, {}],
    [llama, { rope_scaling: { type: "default" } }, {}],
    [llama, { head_dim: undefined, num_key_value_heads: undefined }, {}],
    [llama, { bos_token_id: null }, { startToken: null }],
    [llama, { starts_every_window: true }, { startsEveryWindow: true }],
    [bloom, { n_embed: 24, hidden_size: undefined }, {}],
    [bloom, { num_hidden_layers: 2, n_layer: undefined }, {}],
    [bloom, { num_attention_heads: 6, n_head: undefined }, {}],
  ];
  for (const [architecture, changes, expected] of renamed) {
    await withSaved(architecture, async (folder) => {
      await changeConfig(folder, changes);
      const model = await loadModel(folder);
      assertEquals(model.architecture, { ...architecture, ...expected });
      disposeModel(model);
    });
  }
});

Deno.test("loadModel() names the model after its folder", async () => {
  await withSaved(families.opt, async (folder) => {
    for (const path of [folder, `${folder}/`]) {
      const model = await loadModel(path);
      assertEquals(model.name, folder.split("/").pop());
      disposeModel(model);
    }
  });
});
