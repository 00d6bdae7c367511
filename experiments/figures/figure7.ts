import { drawFigure7, type Figure7Row } from "../draw/figure7_drawing.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import { bestPoint } from "../measure/sparsity_points.ts";
import { fewWindows } from "../measure/text_warnings.ts";
import { type FigureExperiment, figureOf, type FigureOptions } from "./figure.ts";
import { lastLayers, planGrid, sweepPlans } from "./sparsity_sweep.ts";

const config = {
  method: "agileq-8",
  betas: [0.1, 0.2, 0.3, 0.4, 0.5],
  /** How many of the last layers prune, besides the upper half and all of them. */
  lastLayers: [1, 2],
  /** Plans are compared on this many tokens of the validation text, or on as many windows as an interval needs. */
  validationTokens: 8192,
  /** The best is then measured once, on so many of the test text, and so is its control. */
  testTokens: 32768,
} as const;

/** Figure 7: sparsity against perplexity, with the control that tells pruning from selection. */
export const figure7: FigureExperiment = {
  name: "figure7",
  measuredBy: ["sparsity_measure.ts", "sparsity_points.ts"],
  title: "Sparsity against perplexity",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const rows: Figure7Row[] = [];
    for (const subject of subjects) rows.push(await measure(subject, options));
    return figureOf(figure7, subjects, config, rows, drawFigure7(rows));
  },
};

async function measure(subject: UnloadedSubject, options?: FigureOptions): Promise<Figure7Row> {
  const { model: { name, architecture }, facts: { window } } = subject;
  const { method, betas, validationTokens, testTokens } = config;
  const windowsOf = (tokens: number) => Math.max(fewWindows, Math.floor(tokens / window));
  const { layers: all } = architecture;
  const counts = [...config.lastLayers, Math.floor(all / 2), all].filter((count) =>
    count > 0 && count <= all
  );
  const choices = [...new Set(counts)].map(lastLayers);
  const validation = await sweepPlans(
    "figure7",
    subject,
    { method, split: "validation", window, windows: windowsOf(validationTokens) },
    planGrid(betas, choices),
    options,
  );
  const { beta, layers, positions } = bestPoint(validation);
  const [test, random] = await sweepPlans(
    "figure7",
    subject,
    { method, split: "test", window, windows: windowsOf(testTokens) },
    [{ beta, layers, positions }, { beta, layers, positions, importance: "random" }],
    options,
  );
  return { model: name, validation, test, random };
}
