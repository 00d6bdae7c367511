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
  /** What the paper says and what was found, in a sentence or two. */
  agreement: string;
  /** The numbers that the verdict rests on, a sentence per model or setting. */
  details: readonly string[];
  spec: PlotlySpec;
  /** What is drawn, as plain data. */
  data: Data;
  /** Models, texts and settings of the measurement, as plain data. */
  configuration: unknown;
}

/** What drawing gives a figure: the picture, and what can be read from it. */
export type Drawing = Pick<Figure, "shows" | "verdict" | "agreement" | "details" | "spec">;

/** The verdict where the paper is right in so many cases out of so many. */
export function verdictOf(agreeing: number, all: number): FigureVerdict {
  return agreeing === all ? "agrees" : agreeing > 0 ? "agrees in part" : "disagrees";
}
