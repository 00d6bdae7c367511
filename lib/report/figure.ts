import type { PlotlySpec } from "./plot/mod.ts";

/** What a figure says about the paper's. */
export type FigureVerdict = "agrees" | "agrees in part" | "disagrees" | "beyond the paper";

/** A figure with all that is needed to cite or redraw it. */
export interface Figure<Data = unknown> {
  /** The stem of its files and of the experiment: `figure1`. */
  name: string;
  title: string;
  /** What is drawn and how it was measured. */
  shows: string;
  verdict: FigureVerdict;
  /** The figures that the verdict rests on, in a sentence or two. */
  agreement: string;
  spec: PlotlySpec;
  /** What is drawn, as plain data. */
  data: Data;
  /** Models, texts and settings of the measurement, as plain data. */
  configuration: unknown;
}
