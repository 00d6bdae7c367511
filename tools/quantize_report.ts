import { canonicalJson, shortDigest } from "../lib/core/mod.ts";
import { type ConfiguredMethod, methods } from "../lib/methods/mod.ts";
import { describeAllocation } from "./perplexity_report.ts";

/** What `deno task quantize` has written. */
export interface QuantizeReport {
  folder: string;
  /** As it was typed, and so is the name of the method. */
  model: string;
  name: string;
  /** With the settings that its weights were quantized with. */
  method: ConfiguredMethod;
  /** Of a checkpoint of GPTQ. */
  quantization?: Readonly<Record<string, unknown>>;
  /** sha256 of the written weights. */
  weights: string;
  /** Why the folder has no tokenizer, where that is so. */
  noTokenizer?: string;
  /** Of all parameters as they are stored. */
  bytes: { before: number; now: number };
}

/** The report as aligned lines. */
export function describeQuantized(report: QuantizeReport): string {
  const { folder, model, name, method, quantization, weights, bytes } = report;
  const { allocation } = method.settings.weights ?? {};
  const mebibytes = (count: number) => `${(count / 2 ** 20).toFixed(1)} MiB`;
  const lines = [
    ["wrote", folder],
    ["from", `${model} with ${name} (${method.title})`],
    ["format", describeFormat(quantization)],
    ...allocation ? [["bits", describeAllocation({ allocation })!]] : [],
    ["size", `${mebibytes(bytes.now)} of weights instead of ${mebibytes(bytes.before)}`],
    ["weights", `sha256 ${shortDigest(weights)}`],
    ...report.noTokenizer ? [["left out", `the tokenizer: ${report.noTokenizer}`]] : [],
    ...describeActivations(report),
  ];
  return lines.map(([label, text]) => `${label.padEnd(10)}${text}`).join("\n");
}

function describeFormat(quantization: QuantizeReport["quantization"]): string {
  if (!quantization) {
    return "dequantized and rounded to F16, each weight by at most one part in 2048";
  }
  const { bits, group_size: size, desc_act: actOrder, checkpoint_format: format } = quantization;
  const groups = size === -1 ? "a scale for each row" : `groups of ${size}`;
  return `${format}, ${bits} bits, ${groups}${actOrder ? ", act-order" : ""}`;
}

/** What of the method is not in the folder, and how to have it again. */
function describeActivations({ folder, method }: QuantizeReport): [string, string][] {
  const { activations } = method.settings;
  if (!activations) return [];
  const alone = Object.entries(methods).find(([, { settings }]) =>
    canonicalJson(settings) === canonicalJson({ activations })
  );
  const how = alone ? `: --model ${folder} --method ${alone[0]} quantizes them again` : "";
  return [["left out", `the quantizers of activations, which no checkpoint holds${how}`]];
}
