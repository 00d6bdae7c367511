import { seededRandom } from "../../lib/core/mod.ts";
import type { SampleGguf, SampleTensor, SampleValue } from "./gguf_bytes.ts";

/** Elements and bytes of blocks of Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and IQ4_XS. */
const blockSizes: Readonly<Record<number, [elements: number, bytes: number]>> = {
  ...{ 2: [32, 18], 3: [32, 20], 6: [32, 22], 7: [32, 24], 8: [32, 34], 23: [256, 136] },
};

/** What a tiny LLaMA says of itself: two query heads of 16 channels that share a key/value head. */
export const sampleGgufMetadata: Readonly<Record<string, SampleValue>> = {
  "general.architecture": ["string", "llama"],
  "llama.context_length": ["u32", 64],
  "llama.embedding_length": ["u32", 32],
  "llama.block_count": ["u32", 1],
  "llama.feed_forward_length": ["u32", 32],
  "llama.attention.head_count": ["u32", 2],
  "llama.attention.head_count_kv": ["u32", 1],
  "llama.rope.dimension_count": ["u32", 16],
  "llama.rope.freq_base": ["f32", 50000],
  "llama.attention.layer_norm_rms_epsilon": ["f32", 1e-5],
  "tokenizer.ggml.bos_token_id": ["u32", 1],
};

/** Its tensors, in several types; the head is the embedding. */
export const sampleGgufTensors: readonly SampleTensor[] = [
  floats("token_embd.weight", [8, 32]),
  floats("output_norm.weight", [32]),
  floats("blk.0.attn_norm.weight", [32]),
  floats("blk.0.attn_q.weight", [32, 32]),
  floats("blk.0.attn_k.weight", [16, 32]),
  blocks("blk.0.attn_v.weight", [16, 32], 2),
  blocks("blk.0.attn_output.weight", [32, 32], 3),
  floats("blk.0.ffn_norm.weight", [32]),
  blocks("blk.0.ffn_gate.weight", [32, 32], 6),
  blocks("blk.0.ffn_up.weight", [32, 32], 7),
  blocks("blk.0.ffn_down.weight", [32, 32], 8),
];

/** The whole file. */
export const sampleGguf: SampleGguf = { metadata: sampleGgufMetadata, tensors: sampleGgufTensors };

/** Files with the same tensors whose positions are rotated in other ways. */
export const sampleRotaryGgufs: readonly SampleGguf[] = [
  {
    metadata: {
      ...sampleGgufMetadata,
      "llama.rope.scaling.type": ["string", "yarn"],
      "llama.rope.scaling.factor": ["f32", 4],
      "llama.rope.scaling.original_context_length": ["u32", 16],
      "llama.rope.scaling.attn_factor": ["f32", 0.5],
    },
    tensors: sampleGgufTensors,
  },
  {
    metadata: sampleGgufMetadata,
    tensors: [
      ...sampleGgufTensors,
      {
        ...{ name: "rope_freqs.weight", shape: [8], type: 0 },
        data: new Uint8Array(new Float32Array(8).fill(1).buffer),
      },
    ],
  },
];

/** A tensor of float32, the same for the same name. */
export function floats(name: string, shape: readonly number[]): SampleTensor {
  const random = seededRandom(name.length);
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float32Array.from({ length: count }, () => random.integer(-99, 99) / 128);
  return { name, shape, type: 0, data: new Uint8Array(values.buffer) };
}

/** A tensor of blocks: any codes, after scales of 0.5. */
export function blocks(name: string, shape: readonly number[], type: number): SampleTensor {
  const random = seededRandom(name.length);
  const [elements, bytes] = blockSizes[type];
  const count = shape.reduce((product, size) => product * size, 1) / elements;
  const data = Uint8Array.from({ length: count * bytes }, () => random.integer(0, 255));
  for (let at = 0; at < data.length; at += bytes) data.set([0, 0x38, 0, 0x38], at);
  return { name, shape, type, data };
}
