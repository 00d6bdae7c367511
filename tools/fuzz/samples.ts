/** Small valid contents of files, to be changed a little. */
import { trainTokenizer } from "../../lib/corpus/mod.ts";
import type { TensorToWrite } from "../../lib/io/mod.ts";
import type { SampleValue } from "./gguf_bytes.ts";
import type { Architecture, FamilyName } from "../../lib/model/mod.ts";

/** A text that the tokenizers of {@linkcode sampleTokenizers} know. */
export const sampleText = "the cat sat on the mat. The hat is at the cat's </s>.\n\n  123 ééé";

const added = [{ id: 0, content: "</s>", special: true, normalized: false }];
const plain = {
  version: "1.0",
  added_tokens: added,
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
};

/** Byte-level BPE, SentencePiece-style BPE, Unigram and WordPiece, with every kind of part. */
export const sampleTokenizers: readonly unknown[] = [
  trainTokenizer(sampleText.repeat(9), { vocabularySize: 280, specialTokens: ["</s>"] }),
  {
    ...plain,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "NFC" },
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "</s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      special_tokens: { "</s>": { id: "</s>", ids: [0], tokens: ["</s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: { "</s>": 0, "<0x61>": 1, "▁": 2, t: 3, h: 4, e: 5, th: 6, the: 7, "▁the": 8 },
      merges: [["t", "h"], ["th", "e"], ["▁", "the"]],
      unk_token: "</s>",
      fuse_unk: true,
      byte_fallback: true,
    },
  },
  {
    ...plain,
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "first" },
    decoder: { type: "Metaspace", replacement: "▁" },
    model: { type: "Unigram", unk_id: 0, vocab: [["</s>", 0], ["▁the", -1], ["t", -2.5]] },
  },
  {
    ...plain,
    normalizer: { type: "BertNormalizer", lowercase: true, clean_text: true },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\s+|\\p{P}" }, behavior: "Removed", invert: false },
        { type: "Digits", individual_digits: true },
      ],
    },
    post_processor: { type: "BertProcessing", sep: ["</s>", 0], cls: ["</s>", 0] },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece",
      vocab: { "</s>": 0, the: 1, c: 2, "##at": 3 },
      unk_token: "</s>",
      continuing_subword_prefix: "##",
    },
  },
];

/** A byte-level tokenizer in the files of OPT's; the text above has bytes that it does not know. */
export const sampleVocabularyFiles = {
  "vocab.json": { "</s>": 0, t: 1, h: 2, e: 3, "Ġ": 4, th: 5, the: 6, "Ġthe": 7 },
  "merges.txt": "#version: 0.2\nt h\nth e\nĠ the\n",
  "tokenizer_config.json": {
    tokenizer_class: "GPT2Tokenizer",
    add_bos_token: true,
    add_prefix_space: false,
    bos_token: { content: "</s>", lstrip: false, normalized: true },
    eos_token: "</s>",
    unk_token: "</s>",
    additional_special_tokens: ["</s>"],
    added_tokens_decoder: { 0: { content: "</s>", special: true } },
  },
  "special_tokens_map.json": { unk_token: "</s>", additional_special_tokens: ["</s>"] },
  "added_tokens.json": { "</s>": 0 },
} as const;

/** The keys of a SentencePiece tokenizer and of a byte-level one in GGUF files. */
export const sampleGgufTokenizers: readonly Record<string, SampleValue>[] = [
  {
    "tokenizer.ggml.model": ["string", "llama"],
    "tokenizer.ggml.tokens": ["string[]", [
      "<unk>",
      "</s>",
      "t",
      "h",
      "e",
      "th",
      "the",
      "▁",
      "▁the",
    ]],
    "tokenizer.ggml.scores": ["f32[]", [0, 0, -9, -9, -9, -1, -2, -9, -3]],
    "tokenizer.ggml.token_type": ["i32[]", [2, 3, 1, 1, 1, 1, 1, 1, 1]],
    "tokenizer.ggml.bos_token_id": ["u32", 1],
    "tokenizer.ggml.unknown_token_id": ["u32", 0],
    "tokenizer.ggml.add_space_prefix": ["bool", true],
  },
  {
    "tokenizer.ggml.model": ["string", "gpt2"],
    "tokenizer.ggml.pre": ["string", "llama-bpe"],
    "tokenizer.ggml.tokens": ["string[]", ["</s>", "t", "h", "e", "Ġ", "th", "the", "Ġthe"]],
    "tokenizer.ggml.token_type": ["i32[]", [3, 1, 1, 1, 1, 1, 1, 1]],
    "tokenizer.ggml.merges": ["string[]", ["t h", "th e", "Ġ the"]],
    "tokenizer.ggml.bos_token_id": ["u32", 0],
    "tokenizer.ggml.add_bos_token": ["bool", true],
  },
];

/** Tensors of several types and shapes. */
export const sampleTensors: readonly TensorToWrite[] = [
  { name: "a", dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  { name: "b", dtype: "F16", shape: [4], data: Float16Array.of(1, 2, 3, 4) },
  { name: "\u00e9", dtype: "BF16", shape: [], data: Uint16Array.of(0x3f80) },
  { name: "none", dtype: "F64", shape: [0, 9], data: new Float64Array() },
];

/** A linear map of eight outputs and inputs as GPTQ packs it. */
export const samplePacked: readonly TensorToWrite[] = [
  { name: "a.qweight", dtype: "I32", shape: [1, 8], data: new Int32Array(8).fill(0x76543210) },
  { name: "a.qzeros", dtype: "I32", shape: [2, 1], data: Int32Array.of(0, 0x11111111) },
  { name: "a.scales", dtype: "F16", shape: [2, 8], data: new Float32Array(16).fill(0.5) },
  { name: "a.g_idx", dtype: "I32", shape: [8], data: Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1) },
];

const opt: Architecture = {
  family: "opt",
  layers: 1,
  hiddenSize: 8,
  embeddingSize: 8,
  intermediateSize: 12,
  heads: 2,
  keyValueHeads: 2,
  headDim: 4,
  vocabularySize: 20,
  maxPositions: 16,
  norm: "layer",
  normEpsilon: 1e-5,
  normAffine: true,
  slidingWindow: null,
  normPlacement: "before",
  embeddingNorm: false,
  finalNorm: true,
  activation: "relu",
  gated: false,
  queryKeyValueBias: true,
  outputBias: true,
  mlpBias: true,
  positions: { kind: "learned", offset: 2 },
  tiedHead: true,
  startToken: 1,
  startsEveryWindow: false,
};

const llama: Architecture = {
  ...opt,
  family: "llama",
  keyValueHeads: 1,
  norm: "rms",
  activation: "silu",
  gated: true,
  queryKeyValueBias: false,
  outputBias: false,
  mlpBias: false,
  positions: { kind: "rotary", theta: 10000 },
};

/** A tiny model of each family that can be computed, which a test demands. */
export const sampleArchitectures = {
  opt,
  llama,
  mistral: {
    ...llama,
    family: "mistral",
    slidingWindow: { size: 3, from: 0 },
    positions: {
      kind: "rotary",
      theta: 10000,
      scaling: {
        type: "yarn",
        factor: 2,
        originalPositions: 8,
        betaFast: 32,
        betaSlow: 1,
        truncate: true,
        attentionFactor: 1.1,
      },
    },
  },
  qwen2: {
    ...llama,
    family: "qwen2",
    queryKeyValueBias: true,
    slidingWindow: { size: 3, from: 0 },
    positions: {
      kind: "rotary",
      theta: 10000,
      scaling: {
        type: "llama3",
        factor: 2,
        originalPositions: 8,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
      },
    },
  },
  bloom: {
    ...opt,
    family: "bloom",
    intermediateSize: 32,
    maxPositions: Infinity,
    embeddingNorm: true,
    activation: "geluTanh",
    positions: { kind: "alibi" },
  },
} satisfies Record<FamilyName, Architecture>;

const verdict = { claim: "8 bits lose less than 1 %", verdict: "reproduced", evidence: "0.4 %" };

/** What `deno task reproduce` writes of a table. */
export const sampleTable = {
  provenance: { commit: null, deno: "2.9.6", machine: "2 cores" },
  table: {
    title: "Table 1: LLaMA",
    columns: ["Method", "Perplexity"],
    rows: [["FP16", { value: 10.5, low: 10, high: 11, digits: 2 }], ["RTN", 12], [null, "-"]],
    notes: ["A remark."],
  },
  claims: [{ ...verdict, model: "llama" }, { ...verdict, level: "native" }],
  cells: [{
    id: "llama/fp16",
    model: "llama",
    row: "FP16",
    config: { window: 8 },
    result: {
      storage: { forms: ["F16"], bitsPerWeight: 16 },
      activationBits: 16,
      survivors: { perplexity: { value: 10.5 }, scored: 21, windowLosses: [2.5, 3, "Infinity"] },
    },
  }],
};

/** What `deno task figures` writes of a figure. */
export const sampleFigure = {
  provenance: sampleTable.provenance,
  name: "figure4",
  title: "Losses",
  shows: "Losses by bits.",
  verdict: "undecided",
  agreement: "0.1 [0, 0.2]",
  details: ["8 bits"],
  spec: {
    data: [{ type: "scatter", x: [1, 2], y: [3, 4], name: "loss" }],
    layout: { width: 300, height: 200, xaxis: { title: { text: "bits" } } },
  },
};

/** What `deno task bench` writes. */
export const sampleBenchRecord = {
  suite: "block",
  machine: { processor: "x", cores: 2, extensions: ["avx2"], memoryBytes: 1e9, system: "linux" },
  versions: { deno: "2.9.6" },
  commit: null,
  started: "2026-01-01T00:00:00Z",
  seconds: 1,
  quick: true,
  complete: true,
  contenders: { agile: { library: "agile", level: "native", threads: 1 } },
  measurements: ["FP32", "W4A8"].map((execution) => ({
    job: { model: "LLaMA-7B", execution, phase: "prefill", tokens: 128 },
    contender: "agile",
    quantity: "time",
    unit: "ms",
    median: 1,
    low: 0.5,
    high: 2,
    runs: 3,
  })),
  missing: [{ contender: "torch", reason: "not installed" }],
};

/** A notebook that was run. */
export const sampleNotebook = {
  cells: [
    { cell_type: "markdown", id: "a", metadata: {}, source: ["# Title\n", "Text."] },
    {
      cell_type: "code",
      id: "b",
      metadata: {},
      execution_count: 1,
      outputs: [{ output_type: "execute_result", data: { "text/plain": "2" }, metadata: {} }],
      source: 'const { display } = await import("../lib/mod.ts");\ndisplay(1 + 1)',
    },
  ],
  metadata: { kernelspec: { display_name: "Deno", language: "typescript", name: "deno" } },
  nbformat: 4,
  nbformat_minor: 5,
};
