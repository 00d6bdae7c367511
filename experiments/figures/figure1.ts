import { drawFigure1 } from "../draw/figure1_drawing.ts";
import type { AttentionSettings } from "../measure/attention_measure.ts";
import type { ChannelSettings } from "../measure/channel_measure.ts";
import { concentrationCells, mapCells } from "../measure/figure1_measure.ts";
import { type FigureExperiment, figureOf, measureSubjects, requireWindow } from "./figure.ts";

const attention: AttentionSettings = {
  method: "agileq-8-activations",
  drawnTokens: 96,
  distance: 16,
  windows: 8,
};

const channels: ChannelSettings = {
  site: "attn.input",
  drawnTokens: 96,
  pruning: { beta: 0.3, layers: [0], positions: "renumber" },
  outlying: 2,
  windows: 8,
};

/**
 * Figure 1: attention maps of the first and the last layer, the last one quantized, and outlier
 * channels. The first model is drawn, all are measured.
 */
export const figure1: FigureExperiment = {
  name: "figure1",
  measuredBy: ["figure1_measure.ts"],
  title: "Attention maps and outlier channels",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const { distance } = attention;
    const why = `to tell the nearest ${distance} tokens from others`;
    for (const subject of subjects) requireWindow(subject, distance + 1, why);
    const measured = await measureSubjects(
      subjects,
      concentrationCells,
      (subject) => [{
        id: `figure1/${subject.model.name}`,
        config: { ...subject.facts, attention, channels },
      }],
      options,
    );
    const [{ results: [maps] }] = await measureSubjects(
      subjects.slice(0, 1),
      mapCells,
      (subject) => [{
        id: `figure1/${subject.model.name}/maps`,
        config: { ...subject.facts, attention, channels },
      }],
      options,
    );
    const data = { maps, models: measured.flatMap(({ results }) => results) };
    return figureOf(
      figure1,
      subjects,
      { attention, channels },
      data,
      drawFigure1(data, distance, channels.pruning),
    );
  },
};
