import { ggufParts, type SampleTensor, type SampleValue } from "../gguf_parts.ts";

/** How llama.cpp stores the matrices of a model. */
export type LlamaStorage = "F32" | "Q8_0" | "Q4_0";

/** What a LLaMA's size consists of. */
export interface LlamaShape {
  layers: number;
  hiddenSize: number;
  intermediateSize: number;
  heads: number;
  keyValueHeads: number;
  vocabularySize: number;
}

/** GGUF's number for a type, elements and bytes of its blocks. */
const types: Record<LlamaStorage, { id: number; elements: number; bytes: number }> = {
  F32: { id: 0, elements: 1, bytes: 4 },
  Q4_0: { id: 2, elements: 32, bytes: 18 },
  Q8_0: { id: 8, elements: 32, bytes: 34 },
};

/**
 * A LLaMA of random numbers as the pieces of a GGUF file. All matrices have the same type, and the
 * head is the embedding. Its vocabulary has a token for each byte, and names without a meaning.
 *
 * @param contextLength Tokens that it can see.
 */
export function llamaModel(
  shape: LlamaShape,
  storage: LlamaStorage,
  contextLength: number,
): Uint8Array[] {
  const { layers, hiddenSize, intermediateSize, heads, keyValueHeads, vocabularySize } = shape;
  const keyValueSize = hiddenSize / heads * keyValueHeads;
  const matrix = (name: string, rows: number, columns: number): SampleTensor => ({
    ...{ name: `${name}.weight`, shape: [rows, columns], type: types[storage].id },
    data: randomMatrix(rows * columns, storage),
  });
  const norm = (name: string): SampleTensor => ({
    ...{ name: `${name}.weight`, shape: [hiddenSize], type: types.F32.id },
    data: new Uint8Array(new Float32Array(hiddenSize).fill(1).buffer),
  });
  const block = (layer: number) => [
    norm(`blk.${layer}.attn_norm`),
    matrix(`blk.${layer}.attn_q`, hiddenSize, hiddenSize),
    matrix(`blk.${layer}.attn_k`, keyValueSize, hiddenSize),
    matrix(`blk.${layer}.attn_v`, keyValueSize, hiddenSize),
    matrix(`blk.${layer}.attn_output`, hiddenSize, hiddenSize),
    norm(`blk.${layer}.ffn_norm`),
    matrix(`blk.${layer}.ffn_gate`, intermediateSize, hiddenSize),
    matrix(`blk.${layer}.ffn_up`, intermediateSize, hiddenSize),
    matrix(`blk.${layer}.ffn_down`, hiddenSize, intermediateSize),
  ];
  const metadata: Record<string, SampleValue> = {
    "general.architecture": ["string", "llama"],
    "llama.context_length": ["u32", contextLength],
    "llama.embedding_length": ["u32", hiddenSize],
    "llama.block_count": ["u32", layers],
    "llama.feed_forward_length": ["u32", intermediateSize],
    "llama.attention.head_count": ["u32", heads],
    "llama.attention.head_count_kv": ["u32", keyValueHeads],
    "llama.rope.dimension_count": ["u32", hiddenSize / heads],
    "llama.attention.layer_norm_rms_epsilon": ["f32", 1e-5],
    ...vocabulary(vocabularySize),
  };
  const tensors = [
    matrix("token_embd", vocabularySize, hiddenSize),
    norm("output_norm"),
    ...Array.from({ length: layers }, (_, layer) => block(layer)).flat(),
  ];
  return ggufParts({ metadata, tensors });
}

/** A vocabulary of SentencePiece's kind. */
function vocabulary(size: number): Record<string, SampleValue> {
  const [unknown, control, normal, byte] = [2, 3, 1, 6];
  const special = [["<unk>", unknown], ["<s>", control], ["</s>", control]] as const;
  const bytes = Array.from(
    { length: 256 },
    (_, value) => [`<0x${value.toString(16).toUpperCase().padStart(2, "0")}>`, byte] as const,
  );
  const known = [...special, ...bytes];
  const others = Array.from({ length: size - known.length }, (_, i) => [`w${i}`, normal] as const);
  const tokens = [...known, ...others];
  return {
    "tokenizer.ggml.model": ["string", "llama"],
    "tokenizer.ggml.tokens": ["string[]", tokens.map(([text]) => text)],
    "tokenizer.ggml.scores": ["f32[]", tokens.map((_, index) => -index)],
    "tokenizer.ggml.token_type": ["i32[]", tokens.map(([, type]) => type)],
    "tokenizer.ggml.bos_token_id": ["u32", 1],
    "tokenizer.ggml.eos_token_id": ["u32", 2],
  };
}

/** Numbers within 0.06 of zero, the same in every run; a period of them is repeated. */
function randomMatrix(length: number, storage: LlamaStorage): Uint8Array {
  const { elements, bytes } = types[storage];
  const period = randomBlocks(4093, storage);
  const matrix = new Uint8Array(length / elements * bytes);
  for (let start = 0; start < matrix.length; start += period.length) {
    matrix.set(period.subarray(0, matrix.length - start), start);
  }
  return matrix;
}

function randomBlocks(count: number, storage: LlamaStorage): Uint8Array {
  let state = 1;
  /** High bits of a linear congruential generator. */
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24;
  if (storage === "F32") {
    const values = Float32Array.from({ length: count }, () => (next() - 128) / 2048);
    return new Uint8Array(values.buffer);
  }
  const { bytes } = types[storage];
  const blocks = Uint8Array.from({ length: count * bytes }, next);
  const scale = storage === "Q8_0" ? 2 ** -11 : 2 ** -7;
  for (let at = 0; at < blocks.length; at += bytes) {
    new DataView(blocks.buffer).setFloat16(at, scale, true);
  }
  return blocks;
}
