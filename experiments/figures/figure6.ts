import { drawFigure6 } from "../draw/figure6_drawing.ts";
import { tripCells, type TripSettings } from "../measure/trip_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const settings: TripSettings = {
  site: "attn.input",
  bits: 8,
  largestPowers: [0, 1, 2, 3, 4, 5],
  drawnPower: 3,
  pruning: { beta: 0.3, layers: [0], positions: "renumber" },
};

/** Figure 6: the fold of TRIP's factors into the weights, and what the factors are worth. */
export const figure6: FigureExperiment = {
  name: "figure6",
  measuredBy: ["trip_measure.ts"],
  title: "TRIP: power-of-two factors per channel, folded into the weights",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      tripCells,
      (subject) => [{
        id: `figure6/${subject.model.name}`,
        config: { ...subject.facts, ...settings },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    return figureOf(figure6, subjects, settings, rows, drawFigure6(rows, settings));
  },
};
