import { type BundledModel, corpus, trainingCommand } from "../experiments/measure/bundled.ts";
import type { TokenizedSplit } from "../experiments/measure/encyclopedia.ts";
import { formatEstimate } from "../experiments/result/format_estimate.ts";
import { mean } from "../lib/core/mod.ts";
import type { PerplexityResult } from "../lib/eval/mod.ts";

/** What a card says of a trained model. */
export interface ModelFacts {
  bundled: BundledModel;
  training: TokenizedSplit;
  test: TokenizedSplit;
  measured: PerplexityResult;
  /** Of model.safetensors. */
  sha256: string;
  /** Nats per token, step by step. */
  losses: number[];
}

/** The model card of a bundled model, in Markdown. Every figure in it was measured by the tool. */
export function modelCard(
  { bundled, training, test, measured, sha256, losses }: ModelFacts,
): string {
  const { name, architecture: a, recipe } = bundled;
  const { schedule, optimizer } = recipe;
  const rows = [
    [
      "architecture",
      `${a.family}, ${a.layers} layers, hidden ${a.hiddenSize}, ${a.heads} heads` +
      (a.attentionNormalization ? `, ${a.attentionNormalization}` : ""),
    ],
    ["window", `${recipe.window} tokens, the start token (id ${a.startToken}) first in each`],
    ["vocabulary", `${a.vocabularySize}, byte-level BPE trained on the same text`],
    ["training text", `${training.ids.length} tokens, seed ${corpus.training.seed}`],
    ["sha256 of the training text", training.hash],
    ["steps", `${schedule.steps} of ${recipe.batch} windows, seed ${recipe.seed}`],
    ["tokens seen", schedule.steps * recipe.batch * recipe.window],
    ["optimizer", `AdamW ${JSON.stringify(optimizer)}, gradient norm at most ${recipe.clipNorm}`],
    ["learning rate", `${schedule.peak} to ${schedule.floor}, ${schedule.warmupSteps} warm-up`],
    ["final training loss", `${mean(losses.slice(-50)).toFixed(4)} nats per token (50 steps)`],
    ["test loss", `${Math.log(measured.perplexity.value).toFixed(4)} nats per token`],
    ["test perplexity", `${formatEstimate(measured.perplexity, 3)} (95 %)`],
    ["chance in the test text", `${test.entropyPerToken.toFixed(4)} nats per token`],
    ["sha256 of model.safetensors", sha256],
  ];
  return `# ${name}

A small language model trained by this suite on its own synthetic encyclopedia, stored in F16. It has
seen no text that people wrote. Written by \`${trainingCommand(bundled)}\`; the loss of every step
stands in losses.json.

| | |
| --- | --- |
${rows.map(([key, text]) => `| ${key} | ${text} |`).join("\n")}

The test text (seed ${corpus.test.seed}) speaks the same language about other subjects. The chance in
it is the entropy of the choices its generator made: no model's expected loss lies much below.
`;
}
