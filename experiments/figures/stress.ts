import { drawStress } from "../draw/stress_drawing.ts";
import { stressCells, type StressSettings } from "../measure/stress_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const settings: StressSettings = {
  outliers: 4,
  outlierSeed: 0,
  bits: 8,
  largestPowers: [1, 2, 3, 4, 5, 6],
  windows: 16,
};

const factors = [1, 2, 4, 8, 16, 32, 64, 128, 256];

/** TRIP's largest power in AgileQ-8. */
const usedPower = 3;

/** Figure `stress`: at which outlier channels one step per tensor fails, and what TRIP repairs. */
export const stress: FigureExperiment = {
  name: "stress",
  measuredBy: ["stress_measure.ts"],
  title: "Outlier channels against steps",
  families: ["opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      stressCells,
      (subject) =>
        factors.map((factor) => ({
          id: `stress/${subject.model.name}/${factor}`,
          config: { ...subject.facts, ...settings, factor },
        })),
      options,
    );
    const rows = measured.map(({ subject, results }) => ({
      model: subject.model.name,
      points: results.map((stressed, index) => ({ factor: factors[index], stressed })),
    }));
    const configuration = { ...settings, factors, usedPower };
    return figureOf(stress, subjects, configuration, rows, drawStress(rows, configuration));
  },
};
