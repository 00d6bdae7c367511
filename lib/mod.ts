/**
 * Agile-Quant Lab: quantizers, weight methods, token pruning, transformer decoders and the
 * perplexity protocol of Agile-Quant (AAAI 2024). Importing it has no side effects, and works from a
 * program anywhere, under any deno.json.
 *
 * Each folder is a namespace of its name, `quant`, `model`, ...; where that is a verb, of a noun:
 * `evaluation`, `generation`, `inspection`, `training`, and `notebook` for `lib/display`. What a
 * first program needs can also be imported without one.
 *
 * @example Perplexity of a model on twenty articles of the synthetic encyclopedia.
 * ```ts
 * import { corpus, loadModel, loadTokenizer, perplexity, useBackend } from "./lib/mod.ts";
 *
 * await useBackend("agile");
 * const model = await loadModel("data/models/llama-encyclopedia");
 * const tokenizer = await loadTokenizer("data/models/llama-encyclopedia");
 * const ids = tokenizer.encode(corpus.generateEncyclopedia({ seed: 1, articles: 20 }).text);
 * const { perplexity: estimate } = await perplexity(model, ids, { window: 512 });
 * console.log(estimate.value);
 * ```
 */
export * as core from "./core/mod.ts";
export * as corpus from "./corpus/mod.ts";
export * as evaluation from "./eval/mod.ts";
export * as format from "./format/mod.ts";
export * as generation from "./generate/mod.ts";
export * as inspection from "./inspect/mod.ts";
export * as int4 from "./int4/mod.ts";
export * as io from "./io/mod.ts";
export * as linear from "./linear/mod.ts";
export * as methods from "./methods/mod.ts";
export * as model from "./model/mod.ts";
export * as notebook from "./display/mod.ts";
export * as quant from "./quant/mod.ts";
export * as report from "./report/mod.ts";
export * as sweep from "./sweep/mod.ts";
export * as tensor from "./tensor/mod.ts";
export * as tokens from "./tokens/mod.ts";
export * as training from "./train/mod.ts";

export { InputError } from "./core/mod.ts";
export { display, displayFigure, notebookHooks } from "./display/mod.ts";
export { perplexity } from "./eval/mod.ts";
export { continuePrompt, encodePrompt } from "./generate/mod.ts";
export { siteValues } from "./inspect/mod.ts";
export { loadTokenizer, readText } from "./io/mod.ts";
export { methodOf } from "./methods/mod.ts";
export { chooseStartToken, loadModel } from "./model/mod.ts";
export { tf, useBackend } from "./tensor/mod.ts";
