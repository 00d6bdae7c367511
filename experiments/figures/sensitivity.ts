import { drawSensitivity } from "../draw/sensitivity_drawing.ts";
import { sensitivityCells, type SensitivitySettings } from "../measure/sensitivity_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const settings: SensitivitySettings = { method: "agileq-8", windows: 4 };

/** Where the error of quantization comes from: every site and group of weights of every layer alone. */
export const sensitivity: FigureExperiment = {
  name: "sensitivity",
  measuredBy: ["sensitivity_measure.ts"],
  title: "Where the error comes from",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      sensitivityCells,
      (subject) => [{
        id: `sensitivity/${subject.model.name}`,
        config: { ...subject.facts, ...settings },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    return figureOf(sensitivity, subjects, settings, rows, drawSensitivity(rows));
  },
};
