import { drawFigure4 } from "../draw/figure4_drawing.ts";
import { tokenCells, type TokenSettings } from "../measure/token_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const settings: TokenSettings = {
  pruning: { beta: 0.5, layers: [0, 1, 2], positions: "renumber" },
  sample: 48,
  windows: 16,
};

/** Figure 4: which tokens are pruned on the way through the layers, and whether they mattered. */
export const figure4: FigureExperiment = {
  name: "figure4",
  measuredBy: ["token_measure.ts"],
  title: "Token pruning by the attention to the first token",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      tokenCells,
      (subject) => [{
        id: `figure4/${subject.model.name}`,
        config: { ...subject.facts, ...settings },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    return figureOf(figure4, subjects, settings, rows, drawFigure4(rows, settings));
  },
};
