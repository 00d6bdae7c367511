/**
 * Agile-Quant Lab: quantizers, weight methods, token pruning, transformer decoders and the
 * perplexity protocol of Agile-Quant (AAAI 2024). Importing it has no side effects, and works from a
 * program anywhere, under any deno.json.
 *
 * @example Perplexity of a quantized model.
 * ```ts ignore
 * import { loadModel, loadTokenizer, perplexity, readText, useBackend } from "./lib/mod.ts";
 * await useBackend("agile");
 * const model = await loadModel("data/models/llama-encyclopedia");
 * const tokenizer = await loadTokenizer("data/models/llama-encyclopedia");
 * const result = await perplexity(model, tokenizer.encode(await readText("text.txt")));
 * ```
 */
export * from "./core/mod.ts";
export * from "./corpus/mod.ts";
export * from "./display/mod.ts";
export * from "./eval/mod.ts";
export * from "./generate/mod.ts";
export * from "./inspect/mod.ts";
export * from "./int4/mod.ts";
export * from "./io/mod.ts";
export * from "./methods/mod.ts";
export * from "./model/mod.ts";
export * from "./quant/mod.ts";
export * from "./report/mod.ts";
export * from "./sweep/mod.ts";
export * from "./tensor/mod.ts";
export * from "./tokens/mod.ts";
export * from "./train/mod.ts";
