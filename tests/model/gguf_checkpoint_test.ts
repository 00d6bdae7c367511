import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { decodeMatrix } from "../../lib/format/mod.ts";
import { GgufCheckpoint, pairedRows } from "../../lib/model/gguf_checkpoint.ts";
import { readGgufConfig } from "../../lib/model/gguf_config.ts";
import { blocks, floats } from "../../tools/fuzz/gguf_samples.ts";
import { type GgufChanges, withGguf } from "./gguf_sample.ts";

function withCheckpoint(
  changes: GgufChanges,
  test: (checkpoint: GgufCheckpoint) => Promise<void>,
): Promise<void> {
  return withGguf(changes, async (_, file) => {
    await test(new GgufCheckpoint(file, await readGgufConfig(file)));
  });
}

Deno.test("pairedRows() undoes the order in which llama.cpp rotates neighbours", () => {
  // Its converter: reshape(heads, 2, headDim / 2) with both last axes swapped.
  const [heads, headDim] = [2, 6];
  const converted = Array.from({ length: heads * headDim }, (_, place) => {
    const [head, within] = [Math.floor(place / headDim), place % headDim];
    return head * headDim + (within % 2) * headDim / 2 + Math.floor(within / 2);
  });
  const order = pairedRows(heads, headDim);
  assertEquals(Array.from(order, (place) => converted[place]), [...converted.keys()]);
});

Deno.test("GgufCheckpoint gives tensors Transformers' names, and their types as stored", () =>
  withCheckpoint({ tensors: [floats("output.weight", [8, 32])] }, async (checkpoint) => {
    assertEquals([...checkpoint.tensors.keys()], [
      "model.embed_tokens.weight",
      "model.norm.weight",
      ...[
        ...["input_layernorm", "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        ...["self_attn.o_proj", "post_attention_layernorm"],
        ...["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"],
      ].map((name) => `model.layers.0.${name}.weight`),
      "lm_head.weight",
    ]);
    const up = { dtype: "Q5_1", shape: [32, 32], byteLength: 768, readable: true };
    assertEquals(checkpoint.tensors.get("model.layers.0.mlp.up_proj.weight"), up);
    assertEquals([checkpoint.files, checkpoint.unlisted], [[checkpoint.path], []]);
    const missing = "Cannot read model.lm_head.weight of ";
    await assertRejects(() => checkpoint.readMatrix("model.lm_head.weight"), InputError, missing);
  }));

Deno.test("GgufCheckpoint puts LLaMA's query and key rows in Transformers' order, biases too", async () => {
  const queries = blocks("blk.0.attn_q.weight", [32, 32], 3);
  const bias = floats("blk.0.attn_k.bias", [16]);
  await withGguf({ tensors: [queries, bias] }, async (_, file) => {
    const checkpoint = new GgufCheckpoint(file, await readGgufConfig(file));
    const taken = async (name: string, heads: number) =>
      decodeMatrix((await file.readMatrix(name)).takeRows(pairedRows(heads, 16)));
    const attention = "model.layers.0.self_attn";
    for (const [own, stored, heads] of [["q", "attn_q", 2], ["k", "attn_k", 1]] as const) {
      const matrix = await checkpoint.readMatrix(`${attention}.${own}_proj.weight`);
      assertEquals(decodeMatrix(matrix), await taken(`blk.0.${stored}.weight`, heads));
    }
    const stored = decodeMatrix(await file.readMatrix(bias.name));
    const vector = await checkpoint.readMatrix(`${attention}.k_proj.bias`);
    assertEquals([vector.rows, vector.columns], [1, 16]);
    assertEquals(decodeMatrix(vector), Float32Array.from(pairedRows(1, 16), (row) => stored[row]));
  });
});

Deno.test("GgufCheckpoint leaves all rows of Qwen2, and those of others of LLaMA, as they are", async () => {
  await withGguf({}, async (_, file) => {
    const config = await readGgufConfig(file);
    const metadata = new Map([...file.metadata, ["general.architecture", "qwen2"]]);
    const qwen2 = new GgufCheckpoint(
      Object.assign(Object.create(file), { metadata, readMatrix: file.readMatrix.bind(file) }),
      config,
    );
    const name = "model.layers.0.self_attn.q_proj.weight";
    const stored = decodeMatrix(await file.readMatrix("blk.0.attn_q.weight"));
    assertEquals(decodeMatrix(await qwen2.readMatrix(name)), stored);
    const llama = new GgufCheckpoint(file, config);
    assertEquals(decodeMatrix(await llama.readMatrix(name)) === stored, false);
    const value = await llama.readMatrix("model.layers.0.self_attn.v_proj.weight");
    assertEquals(decodeMatrix(value), decodeMatrix(await file.readMatrix("blk.0.attn_v.weight")));
  });
});

Deno.test("GgufCheckpoint.onDisk() gives the embedding, and nothing whose rows are not in order", () =>
  withCheckpoint({}, async (checkpoint) => {
    const name = "model.embed_tokens.weight";
    const onDisk = checkpoint.onDisk(name)!;
    assertEquals(decodeMatrix(onDisk), decodeMatrix(await checkpoint.readMatrix(name)));
    assertEquals(checkpoint.onDisk("model.layers.0.self_attn.q_proj.weight"), undefined);
  }));

Deno.test("GgufCheckpoint lists tensors that have no name here, but not what configures", () => {
  const factors = new Uint8Array(Float32Array.from({ length: 8 }, () => 1).buffer);
  const tensors = [
    floats("blk.0.attn_q_norm.weight", [16]),
    { name: "rope_freqs.weight", type: 0, shape: [8], data: factors },
  ];
  return withCheckpoint({ tensors }, (checkpoint) => {
    assertEquals(checkpoint.unlisted, ["blk.0.attn_q_norm.weight"]);
    return Promise.resolve();
  });
});
