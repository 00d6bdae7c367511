import { drawFigure7, type Figure7Row } from "../draw/figure7_drawing.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import { bestPoint } from "../measure/sparsity_points.ts";
import { type FigureExperiment, figureOf, type FigureOptions } from "./figure.ts";
import { lastLayers, planGrid, sweepPlans } from "./sparsity_sweep.ts";

const config = {
  method: "agileq-8",
  betas: [0.1, 0.2, 0.3, 0.4, 0.5],
  /** How many of the last layers prune, besides all of them. */
  lastLayers: [1, 2],
  /** Plans are compared on this many windows of the validation text. */
  validationWindows: 16,
  /** The best is then measured once, on at most this many windows of the test text. */
  testWindows: 64,
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
  const { method, betas, validationWindows, testWindows } = config;
  const counts = config.lastLayers.filter((count) => count < architecture.layers);
  const choices = [...counts, architecture.layers].map(lastLayers);
  const validation = await sweepPlans(
    "figure7",
    subject,
    { method, split: "validation", window, windows: validationWindows },
    planGrid(betas, choices),
    options,
  );
  const { beta, layers, positions } = bestPoint(validation);
  const [test] = await sweepPlans(
    "figure7",
    subject,
    { method, split: "test", window, windows: testWindows },
    [{ beta, layers, positions }],
    options,
  );
  return { model: name, validation, test };
}
