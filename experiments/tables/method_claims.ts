import type { Comparison } from "./comparisons.ts";

/** What authors claim of whole methods, and any model can test; the words in brackets say where. */
export const rivalClaims: readonly Comparison[] = [
  {
    claim: "AWQ loses less than rounding to nearest in the same groups (AWQ, table 4)",
    rows: ["awq4", "rtn4-g128"],
    threshold: { below: 1 },
  },
  {
    claim: "AWQ loses less than GPTQ (AWQ, table 4)",
    rows: ["awq4", "gptq4"],
    threshold: { below: 1 },
  },
  {
    claim: "SmoothQuant loses less than 1 % in W8A8 (SmoothQuant, README)",
    rows: ["smoothquant", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "LLM.int8() loses less than 1 % (LLM.int8(), table 1)",
    rows: ["llm-int8", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "columns of outliers in F16 improve on eight bits throughout (LLM.int8(), table 1)",
    rows: ["llm-int8", "llm-int8-plain"],
    threshold: { below: 1 },
  },
  {
    claim: "SpQR of 4.6 bits loses less than 1 % (SpQR, abstract)",
    rows: ["spqr4", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "SpQR with three bits loses less than GPTQ with four (SpQR, table 1)",
    rows: ["spqr3", "gptq4"],
    threshold: { below: 1 },
  },
  {
    claim: "SqueezeLLM loses less than GPTQ (SqueezeLLM, table 1)",
    rows: ["squeezellm4", "gptq4"],
    threshold: { below: 1 },
  },
  {
    claim: "weights kept beside the codebooks gain (SqueezeLLM, table 1)",
    rows: ["squeezellm4-sparse", "squeezellm4"],
    threshold: { below: 1 },
  },
  {
    claim: "CrossQuant loses less than 1 % in W8A8 (CrossQuant, abstract)",
    rows: ["crossquant-w8a8", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "a rotation gains in W4A4KV4 (QuaRot)",
    rows: ["quarot", "quarot-unrotated"],
    threshold: { below: 1 },
  },
  {
    claim: "GPTQ gains over RTN behind a rotation (QuaRot)",
    rows: ["quarot", "quarot-rtn"],
    threshold: { below: 1 },
  },
  {
    claim: "two bits keep almost the same quality (KIVI, abstract; read as a loss below 1 %)",
    rows: ["kivi2", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "ShiftAddLLM loses less than GPTQ in three bits (ShiftAddLLM, abstract)",
    rows: ["shiftadd3-acc", "gptq3"],
    threshold: { below: 1 },
  },
  {
    claim: "LoRC gains in INT4/INT8 (ZeroQuant-FP, abstract)",
    rows: ["zeroquant-fp-lorc", "zeroquant-fp-int4"],
    threshold: { below: 1 },
  },
  {
    claim:
      "COMET's four bits for most activations lose less than 1 % (COMET, abstract: negligible)",
    rows: ["comet", "comet-8"],
    threshold: { below: 1.01 },
  },
  {
    claim: "MoFQ8 is close to full precision (MoFQ, abstract; read as a loss below 1 %)",
    rows: ["mofq8", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "mixed formats of eight bits lose less than integers alone (MoFQ, abstract)",
    rows: ["mofq8", "mofq8-integer"],
    threshold: { below: 1 },
  },
  {
    claim: "mixed formats of eight bits lose less than floats alone (MoFQ, abstract)",
    rows: ["mofq8", "mofq8-float"],
    threshold: { below: 1 },
  },
  {
    claim: "AgileQ-8 loses less than ZeroQuant-V2 (Agile-Quant, tables 2 and 3)",
    rows: ["agileq-8", "zeroquant-v2"],
    threshold: { below: 1 },
  },
  {
    claim: "AgileQ-8 loses less than AWQ (Agile-Quant, table 2)",
    rows: ["agileq-8", "awq4"],
    threshold: { below: 1 },
  },
];

/** What they claim of forms of storing numbers. */
export const formatClaims: readonly Comparison[] = [
  {
    claim: "FP8 loses less than INT8 (ZeroQuant-FP, abstract, of large models)",
    rows: ["fp8", "tokens-w8a8"],
    threshold: { below: 1 },
  },
  {
    claim: "FP4 weights are on a par with INT4, to 1 % (ZeroQuant-FP, abstract)",
    rows: ["fp4", "tokens-w4a8"],
    threshold: { below: 1.01 },
  },
  {
    claim: "scales of M2 lose less than those of M1 (ZeroQuant-FP)",
    rows: ["zeroquant-fp-m2", "zeroquant-fp-m1"],
    threshold: { below: 1 },
  },
  {
    claim:
      "scales of M2, rounded down, lose less than those of M1 (ZeroQuant-FP, as it is likely meant)",
    rows: ["zeroquant-fp-m2-floor", "zeroquant-fp-m1"],
    threshold: { below: 1 },
  },
  {
    claim: "BitMoD loses less than integers of four bits in groups of 128 (BitMoD)",
    rows: ["bitmod4", "rtn4-g128"],
    threshold: { below: 1 },
  },
  {
    claim: "BitMoD loses less than integers of three bits in groups of 128 (BitMoD)",
    rows: ["bitmod3", "rtn3-g128"],
    threshold: { below: 1 },
  },
  {
    claim: "powers lose less than even steps in four bits (NUPES, abstract)",
    rows: ["nupes4", "rtn4-absmax"],
    threshold: { below: 1 },
  },
  {
    claim: "one exponent for a tensor of 16 bits loses less than 1 % (DFP16, ours)",
    rows: ["dfp16", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "L-Mul in attention is almost without loss (L-Mul, abstract; read as below 1 %)",
    rows: ["l-mul-attention", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "L-Mul in linear maps is almost without loss, too, below 1 % (ours)",
    rows: ["l-mul", "fp16"],
    threshold: { below: 1.01 },
  },
  {
    claim: "odd numbers lose no more than 1 % against asymmetric integers of four bits (ours)",
    rows: ["bipolar4", "rtn4-g128"],
    threshold: { below: 1.01 },
  },
  {
    claim: "ternary weights need training: without it perplexity is above ten times (ours)",
    rows: ["ternary", "fp16"],
    threshold: { above: 10 },
  },
];

/** What they claim of ways to quantize activations, and what we ask of them. */
export const activationClaims: readonly Comparison[] = [
  {
    claim: "TRIP loses less than one step of a tensor (Agile-Quant)",
    rows: ["agileq-8-activations", "agileq-8-activations-0"],
    threshold: { below: 1 },
  },
  {
    claim: "TRIP loses less than one step of a tensor in four bits (Agile-Quant)",
    rows: ["agileq-4", "agileq-4-0"],
    threshold: { below: 1 },
  },
  {
    claim: "TRIP with calibrated steps loses less than 1 % against steps of tokens",
    rows: ["agileq-8-activations", "agileq-8-activations-token"],
    threshold: { below: 1.01 },
  },
  {
    claim: "behind a rotation TRIP gains less than 1 % over one step",
    rows: ["agileq-8-rotated-0", "agileq-8-rotated"],
    threshold: { below: 1.01 },
  },
  {
    claim: "behind a rotation TRIP gains less than 1 % over one step in four bits",
    rows: ["agileq-4-rotated-0", "agileq-4-rotated"],
    threshold: { below: 1.01 },
  },
  {
    claim: "SmoothQuant loses less than steps of tokens alone (SmoothQuant)",
    rows: ["smoothquant", "tokens-w8a8"],
    threshold: { below: 1 },
  },
  {
    claim: "CrossQuant loses less than steps of tokens in W8A8 (CrossQuant)",
    rows: ["crossquant-w8a8", "tokens-w8a8"],
    threshold: { below: 1 },
  },
  {
    claim: "CrossQuant loses less than steps of tokens in W4A4 (CrossQuant)",
    rows: ["crossquant-w4a4", "tokens-w4a4"],
    threshold: { below: 1 },
  },
  {
    claim: "a rotation gains in W4A4KV4 (QuaRot)",
    rows: ["quarot", "quarot-unrotated"],
    threshold: { below: 1 },
  },
];
