import { drawSiteChannels } from "../draw/site_channel_drawing.ts";
import { siteChannelCells, type SiteChannelSettings } from "../measure/site_channels.ts";
import { type FigureExperiment, figureOf, measureSubjects } from "./figure.ts";

const settings: SiteChannelSettings = { outlying: 2, often: 0.1, windows: 8 };

/** Which channels are outliers at which site, and whether they stay so over tokens and texts. */
export const channels: FigureExperiment = {
  name: "channels",
  measuredBy: ["site_channels.ts"],
  title: "Outlier channels by site, over tokens and texts",
  families: ["llama", "opt", "bloom"],
  async run(subjects, options) {
    const measured = await measureSubjects(
      subjects,
      siteChannelCells,
      (subject) => [{
        id: `channels/${subject.model.name}`,
        config: { ...subject.facts, ...settings },
      }],
      options,
    );
    const rows = measured.map(({ subject, results: [result] }) => (
      { model: subject.model.name, ...result }
    ));
    return figureOf(channels, subjects, settings, rows, drawSiteChannels(rows, settings));
  },
};
