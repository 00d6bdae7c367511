import { drawFigure8, type Figure8Row } from "../draw/figure8_drawing.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import type { SparsityPoint } from "../measure/sparsity_points.ts";
import { fewWindows } from "../measure/text_warnings.ts";
import { type FigureExperiment, figureOf, type FigureOptions, requireWindow } from "./figure.ts";
import { lastLayers, planGrid, sweepPlans } from "./sparsity_sweep.ts";

const config = {
  method: "agileq-8",
  betas: [0.1, 0.3],
  lastLayers: 2,
  /** Tokens per window, as far as the model goes; the bundled ones were trained at 512. */
  windows: [128, 256, 512, 2048, 8192],
  /** Tokens that are scored at every length of window: so many, or as many windows as an interval needs. */
  tokens: 8192,
} as const;

/** Figure 8: what pruning costs in windows of different lengths. */
export const figure8: FigureExperiment = {
  name: "figure8",
  measuredBy: ["sparsity_measure.ts", "sparsity_points.ts"],
  title: "Sparsity by length of window",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const rows: Figure8Row[] = [];
    for (const subject of subjects) rows.push(await measure(subject, options));
    return figureOf(figure8, subjects, config, rows, drawFigure8(rows));
  },
};

async function measure(subject: UnloadedSubject, options?: FigureOptions): Promise<Figure8Row> {
  requireWindow(subject, config.windows[0], "the shortest that is compared");
  const points: SparsityPoint[] = [];
  const windows = windowsFor(subject);
  const tokens = Math.max(config.tokens, fewWindows * Math.max(...windows));
  for (const window of windows) {
    const { method, betas } = config;
    const settings = { method, split: "validation", window, windows: tokens / window } as const;
    const plans = planGrid(betas, [lastLayers(config.lastLayers)]);
    points.push(...await sweepPlans("figure8", subject, settings, plans, options));
  }
  return { model: subject.model.name, points };
}

/**
 * The lengths that are compared: longer ones than the windows of the subject where the model allows them and
 * its text has as many of them as an interval needs.
 */
export function windowsFor(
  { model, facts: { window, windows } }: Pick<UnloadedSubject, "model" | "facts">,
): number[] {
  const { maxPositions } = model.architecture;
  const longest = Math.max(window, Math.min(maxPositions, window * windows / fewWindows));
  return config.windows.filter((each) => each <= longest);
}
