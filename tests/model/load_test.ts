import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { perplexity } from "../../lib/eval/mod.ts";
import { decodeMatrix, encodeFloats, FloatMatrix, floatMatrix } from "../../lib/format/mod.ts";
import type { TensorToWrite } from "../../lib/io/mod.ts";
import {
  type Architecture,
  familyNames,
  loadModel,
  type Model,
  saveModel,
  type StoredModule,
} from "../../lib/model/mod.ts";
import { tf } from "../../lib/tensor/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { assertRefused, changeConfig, changeTensors, withSaved } from "./saved_model.ts";
import { families, parameterValues, randomModel, tinyArchitectures } from "./tiny_models.ts";

const known = familyNames.join(", ");

/** Architectures of the families, and of those that have LLaMA's blocks. */
const refusing = {
  ...families,
  qwen2: tinyArchitectures["qwen2 with a window that slides in the second layer"],
  mistral: tinyArchitectures["mistral with a sliding window"],
};

const refusedFields: [keyof typeof refusing, Record<string, unknown>, string][] = [
  ["llama", { model_type: "none" }, `model_type must be ${known}, got "none"`],
  ["llama", { model_type: null }, `model_type must be ${known}, got null`],
  ["llama", { model_type: "toString" }, `model_type must be ${known}, got "toString"`],
  ["llama", { rope_theta: null }, "rope_theta must be a positive number, got null"],
  ["llama", { rms_norm_eps: null }, "rms_norm_eps must be a positive number, got null"],
  ["llama", { tie_word_embeddings: null }, "tie_word_embeddings must be true or false, got null"],
  [
    "llama",
    { max_position_embeddings: null },
    "max_position_embeddings must be a positive integer, got null",
  ],
  [
    "llama",
    { hidden_act: null },
    'hidden_act must be "silu" or "swish" to be computed here, got null',
  ],
  [
    "llama",
    { num_hidden_layers: 1e300 },
    "num_hidden_layers must be a positive integer, got 1e+300",
  ],
  [
    "llama",
    { quantization_config: { quant_method: "fp8" } },
    'quant_method must be gptq or awq to be read here, got "fp8"',
  ],
  ["llama", { rope_theta: 0 }, "rope_theta must be a positive number, got 0"],
  [
    "llama",
    { rope_parameters: { rope_theta: "big" } },
    'rope_parameters.rope_theta must be a positive number, got "big"',
  ],
  ["llama", { sliding_window: 4096 }, "sliding_window must be null to be computed here, got 4096"],
  [
    "llama",
    { partial_rotary_factor: 0.5 },
    "partial_rotary_factor must be 1 to be computed here, got 0.5",
  ],
  [
    "llama",
    { hidden_act: "gelu" },
    'hidden_act must be "silu" or "swish" to be computed here, got "gelu"',
  ],
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
  [
    "opt",
    { activation_function: "gelu_new" },
    'activation_function must be "relu" or "gelu" to be computed here, got "gelu_new"',
  ],
  [
    "opt",
    { layer_norm_elementwise_affine: "no" },
    'layer_norm_elementwise_affine must be true or false, got "no"',
  ],
  [
    "opt",
    { num_attention_heads: 7 },
    "num_attention_heads must be a divisor of the hidden size 24, got 7",
  ],
  [
    "bloom",
    { apply_residual_connection_post_layernorm: 1 },
    "apply_residual_connection_post_layernorm must be true or false, got 1",
  ],
  ["bloom", { n_embed: 32 }, "n_embed must be equal to hidden_size, 24, got 32"],
  ["bloom", { num_hidden_layers: 3 }, "n_layer must be equal to num_hidden_layers, 3, got 2"],
  ["bloom", { num_attention_heads: 3 }, "n_head must be equal to num_attention_heads, 3, got 6"],
  [
    "bloom",
    { slow_but_exact: true, pretraining_tp: 2 },
    "pretraining_tp must be 1 where slow_but_exact is true, got 2",
  ],
  [
    "bloom",
    { layer_norm_epsilon: "1e-5" },
    'layer_norm_epsilon must be a positive number, got "1e-5"',
  ],
  [
    "qwen2",
    { attention_bias: false },
    "attention_bias must be true to be computed here, got false",
  ],
  ["qwen2", { mlp_bias: true }, "mlp_bias must be false to be computed here, got true"],
  ["qwen2", { sliding_window: 0 }, "sliding_window must be a positive integer, got 0"],
  [
    "qwen2",
    { max_window_layers: -1 },
    "max_window_layers must be an integer of at least 0, got -1",
  ],
  [
    "qwen2",
    { layer_types: ["sliding_attention", "full_attention"] },
    "layer_types must be 2 times full_attention and, from some layer on, sliding_attention, " +
    'got ["sliding_attention","full_attention"]',
  ],
  [
    "qwen2",
    { layer_types: ["full_attention"] },
    "layer_types must be 2 times full_attention and, from some layer on, sliding_attention, " +
    'got ["full_attention"]',
  ],
  [
    "qwen2",
    { layer_types: ["full_attention", "chunked_attention"] },
    "layer_types must be 2 times full_attention and, from some layer on, sliding_attention, " +
    'got ["full_attention","chunked_attention"]',
  ],
  [
    "qwen2",
    { use_sliding_window: false, layer_types: ["full_attention", "sliding_attention"] },
    "layer_types must be full_attention in all layers where use_sliding_window is false, " +
    'got ["full_attention","sliding_attention"]',
  ],
  ["mistral", { sliding_window: "4096" }, 'sliding_window must be a positive integer, got "4096"'],
  [
    "mistral",
    { layer_types: ["sliding_attention", "full_attention"] },
    "layer_types must be null to be computed here, " +
    'got ["sliding_attention","full_attention"]',
  ],
  [
    "mistral",
    { attention_bias: true },
    "attention_bias must be false to be computed here, got true",
  ],
];

for (const [family, changes, rule] of refusedFields) {
  Deno.test(`loadModel() refuses ${family} with ${JSON.stringify(changes)}`, async () => {
    await withSaved(refusing[family], async (folder) => {
      await changeConfig(folder, changes);
      await assertRefused(folder, `Cannot load FOLDER/config.json: ${rule}`);
    });
  });
}

Deno.test("loadModel() stops once its signal is aborted", () =>
  withSaved(families.opt, async (folder) => {
    await assertRejects(
      () => loadModel(folder, { signal: AbortSignal.abort(new Error("stopped")) }),
      Error,
      "stopped",
    );
  }));

Deno.test("loadModel() refuses a folder without config.json", async () => {
  await withSaved(families.opt, async (folder) => {
    await Deno.remove(`${folder}/config.json`);
    await assertRefused(
      folder,
      "Cannot load FOLDER: it must be the folder of a model, with config.json",
    );
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

Deno.test("loadModel() reads older and newer names of the same fields", async () => {
  const { llama, bloom } = tinyArchitectures;
  const renamed: [Architecture, Record<string, unknown>, Partial<Architecture>][] = [
    [llama, { rope_theta: undefined, rope_parameters: { rope_theta: 500, rope_type: "default" } }, {
      positions: { kind: "rotary", theta: 500 },
    }],
    [llama, { rope_theta: undefined }, {}],
    [llama, { rope_scaling: { type: "default" } }, {}],
    // rope_parameters come first in Transformers 5.24.0 (convert_rope_params_to_dict).
    [llama, { rope_theta: 10000, rope_parameters: { rope_theta: 500000 } }, {
      positions: { kind: "rotary", theta: 500000 },
    }],
    [llama, { rope_theta: 500, rope_parameters: { rope_type: "default" } }, {
      positions: { kind: "rotary", theta: 500 },
    }],
    [llama, { rope_parameters: { rope_theta: 500 }, rope_scaling: { rope_theta: 500 } }, {
      positions: { kind: "rotary", theta: 500 },
    }],
    [llama, { hidden_act: "swish" }, {}],
    [llama, { head_dim: null, num_key_value_heads: null, sliding_window: null }, {}],
    [llama, { head_dim: undefined, num_key_value_heads: undefined }, {}],
    [llama, { bos_token_id: null }, { startToken: null }],
    [llama, { starts_every_window: true }, { startsEveryWindow: true }],
    [llama, { attention_normalization: "softmax" }, {}],
    [llama, { attention_normalization: null }, {}],
    [bloom, { attention_normalization: "softpick" }, { attentionNormalization: "softpick" }],
    [bloom, { n_embed: 24, hidden_size: undefined }, {}],
    [bloom, { num_hidden_layers: 2, n_layer: undefined }, {}],
    [bloom, { num_attention_heads: 6, n_head: undefined }, {}],
    [bloom, { num_attention_heads: 6, num_hidden_layers: 2, n_embed: 24 }, {}],
    [bloom, { slow_but_exact: true, pretraining_tp: 1 }, {}],
    [bloom, { slow_but_exact: false, pretraining_tp: 4 }, {}],
  ];
  for (const [architecture, changes, expected] of renamed) {
    await withSaved(architecture, async (folder) => {
      await changeConfig(folder, changes);
      const model = await loadModel(folder);
      assertEquals(model.architecture, { ...architecture, ...expected });
    });
  }
});

Deno.test("loadModel() refuses an attention that is not computed here", async () => {
  await withSaved(families.bloom, async (folder) => {
    await changeConfig(folder, { attention_normalization: "sparsemax" });
    await assertRefused(
      folder,
      'Cannot load FOLDER/config.json: attention_normalization must be "softmax" or "softpick" ' +
        'to be computed here, got "sparsemax"',
    );
  });
});

Deno.test("loadModel() names the model after its folder", async () => {
  await withSaved(families.opt, async (folder) => {
    for (const path of [folder, `${folder}/`]) {
      const model = await loadModel(path);
      assertEquals(model.name, folder.split("/").pop());
    }
  });
});

Deno.test("loadModel() names tensor, layer and place of a weight that is not finite", async () => {
  const up = "model.layers.1.mlp.up_proj.weight";
  const changes: [string, TensorToWrite["dtype"], number, string][] = [
    [up, "F32", NaN, `element [1,3] of tensor ${up} must be a finite float32, got NaN`],
    [up, "F16", -Infinity, `element [1,3] of tensor ${up} must be a finite float32, got -Infinity`],
    [up, "F64", 1e39, `element [1,3] of tensor ${up} must be a finite float32, got Infinity`],
    [
      "model.norm.weight",
      "BF16",
      NaN,
      "element [23] of tensor model.norm.weight must be a finite float32, got NaN",
    ],
  ];
  for (const [name, dtype, value, rule] of changes) {
    await withSaved(families.llama, async (folder) => {
      await changeTensors(folder, (tensors) =>
        tensors.map((each) => {
          if (each.name !== name) return each;
          const data = dtype === "F64" ? Float64Array.from(each.data as Float32Array) : each.data;
          data[each.shape.length === 1 ? 23 : 27] = value;
          return { ...each, dtype, data };
        }));
      await assertRefused(folder, `Cannot load FOLDER: ${rule}`);
    });
  }
});

const golden = new URL("../golden/hf/", import.meta.url).pathname;

/** The weights of all modules of a model, which are floats. */
async function weightsOf({ architecture, source }: Model): Promise<FloatMatrix[]> {
  const modules: StoredModule[] = Object.values(source.outer);
  for (let layer = 0; layer < architecture.layers; layer++) {
    modules.push(...Object.values(await source.layer(layer)));
  }
  return modules.map(({ weight }) => {
    if (!(weight instanceof FloatMatrix)) throw new TypeError("a weight of other form");
    return weight;
  });
}

for (const [name, dtype] of [["llama-f16", "F16"], ["llama-bf16", "BF16"]] as const) {
  Deno.test(`loadModel() keeps ${dtype} as it is stored, and computes with the same numbers`, async () => {
    const model = await loadModel(golden + name);
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32");
      const wide = await loadModel(folder);
      const decoded = await weightsOf(wide);
      for (const [index, weight] of (await weightsOf(model)).entries()) {
        assertEquals([weight.dtype, decoded[index].dtype], [dtype, "F32"]);
        assertEquals(weight.byteLength, 2 * weight.rows * weight.columns);
        assertEquals(weight.byteLength, decoded[index].byteLength / 2);
      }
      assertEquals(await parameterValues(wide), await parameterValues(model));
      const ids = Int32Array.from({ length: 200 }, (_, i) => 37 * i % 512);
      const [narrow, expected] = [
        await perplexity(model, ids, { window: 40 }),
        await perplexity(wide, ids, { window: 40 }),
      ];
      assertEquals(narrow.perplexity, expected.perplexity);
    });
  });
}

for (const dtype of ["F16", "BF16", "F32", "F64"] as const) {
  Deno.test(`loadModel() takes the fused tensors of BLOOM apart in their type: ${dtype}`, async () => {
    const model = await randomModel(families.bloom);
    await withFolder(async (folder) => {
      await saveModel(model, folder, "F32");
      await changeTensors(folder, (tensors) =>
        tensors.map((each) => {
          const data = each.data as Float32Array;
          return { ...each, dtype, data: dtype === "F64" ? Float64Array.from(data) : data };
        }));
      const loaded = await loadModel(folder);
      const held = dtype === "F64" ? "F32" : dtype;
      for (const weight of await weightsOf(loaded)) assertEquals(weight.dtype, held);
      const expected = Object.entries(await parameterValues(model)).map(([name, values]) => {
        const encoded = floatMatrix(held, encodeFloats(values, held), 1, values.length);
        return [name, decodeMatrix(encoded)];
      });
      assertEquals(await parameterValues(loaded), Object.fromEntries(expected));
    });
  });
}

Deno.test("loadModel() makes no tensors", async () => {
  const before = tf.memory().numTensors;
  for (const name of ["llama", "opt-pre-sharded", "bloom"]) await loadModel(golden + name);
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("loadModel() reads blocks of a large model when they are needed, and refuses them then", () =>
  withSaved(families.llama, async (folder) => {
    const model = await loadModel(folder, { residentBytes: 0 });
    const layer = await model.source.layer(1);
    assertEquals(layer, await (await loadModel(folder)).source.layer(1));
    await changeTensors(folder, (tensors) => tensors);
    await assertRejects(
      () => model.source.layer(1),
      InputError,
      `Cannot read ${folder}/model.safetensors: the file must not change while it is read`,
    );
  }));
