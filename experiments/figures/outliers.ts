import { drawOutliers } from "../draw/outlier_drawing.ts";
import { outlierCells, type OutlierSettings } from "../measure/outlier_measure.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import { type DepthPlan, planAt } from "./depths.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const plan: DepthPlan = { beta: 0.3, depths: [0.5], positions: "renumber" };
const settings = { bits: 8, K: 3, windows: 8 } as const;

/** What pruning does to outliers, and so to quantization, on the same tokens. */
export const outliers: FigureExperiment = {
  name: "outliers",
  measuredBy: ["outlier_measure.ts"],
  title: "Outliers before and after pruning",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const settingsOf = ({ model }: UnloadedSubject): OutlierSettings => (
      { ...settings, pruning: planAt(plan, model.architecture) }
    );
    const measured = await measureSubjects(
      subjects,
      outlierCells,
      (subject) => [{
        id: `outliers/${subject.model.name}`,
        config: { ...subject.facts, ...settingsOf(subject) },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    const drawing = drawOutliers(rows, settingsOf(subjects[0]));
    return figureOf(outliers, subjects, { plan, ...settings }, rows, drawing);
  },
};
