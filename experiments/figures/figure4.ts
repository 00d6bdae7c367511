import { drawFigure4 } from "../draw/figure4_drawing.ts";
import { tokenCells } from "../measure/token_measure.ts";
import { type DepthPlan, planAt } from "./depths.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

/** Deep models have no stripe at the first token in their first layers. */
const plan: DepthPlan = { beta: 0.5, depths: [0.25, 0.5, 0.75], positions: "renumber" };
const settings = { sample: 48, windows: 16 };

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
        config: {
          ...subject.facts,
          ...settings,
          pruning: planAt(plan, subject.model.architecture),
        },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    return figureOf(figure4, subjects, { plan, ...settings }, rows, drawFigure4(rows, plan));
  },
};
