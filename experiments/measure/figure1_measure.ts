import {
  type AttentionMaps,
  type AttentionSettings,
  type LayerConcentration,
  measureConcentration,
  takeMaps,
} from "./attention_measure.ts";
import type { CellKind } from "./cell_kind.ts";
import {
  type ChannelMap,
  type ChannelSettings,
  type LayerChannels,
  measureChannels,
  takeChannelMap,
} from "./channel_measure.ts";
import type { FigureSubject } from "./figure_subject.ts";

/** How attention and channels are looked at. */
export interface Figure1Settings {
  attention: AttentionSettings;
  channels: ChannelSettings;
}

/** The numbers of one model. */
export interface Figure1Row {
  model: string;
  attention: LayerConcentration[];
  channels: LayerChannels[];
}

/** The pictures of one model. */
export interface Figure1Maps {
  model: string;
  attention: AttentionMaps;
  channels: ChannelMap;
}

/** The cells of figure 1 with the numbers of a model. */
export const concentrationCells: CellKind<Figure1Settings, Figure1Row> = {
  experiment: "figure1",
  measure: async (subject: FigureSubject, { attention, channels }, hooks) => ({
    model: subject.model.name,
    attention: await measureConcentration(subject, attention, hooks),
    channels: await measureChannels(subject, channels, hooks),
  }),
};

/** The cells of figure 1 with the pictures of a model. */
export const mapCells: CellKind<Figure1Settings, Figure1Maps> = {
  experiment: "figure1/maps",
  measure: async (subject: FigureSubject, { attention, channels }, hooks) => ({
    model: subject.model.name,
    attention: await takeMaps(subject, attention, hooks),
    channels: await takeChannelMap(subject, channels, hooks),
  }),
};
