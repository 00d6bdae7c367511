import { drawFigure3 } from "../draw/figure3_drawing.ts";
import { noiseCells } from "../measure/noise_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const config = { windows: 8 };

/** Figure 3: where a block is quantized, and what each quantizer adds to its value. */
export const figure3: FigureExperiment = {
  name: "figure3",
  measuredBy: ["noise_measure.ts"],
  title: "Where a block is quantized, and what that costs",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      noiseCells,
      (subject) => [{
        id: `figure3/${subject.model.name}`,
        config: { ...subject.facts, ...config },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [noise] }) => (
      { model: subject.model.name, ...noise }
    ));
    return figureOf(figure3, subjects, config, rows, drawFigure3(rows));
  },
};
