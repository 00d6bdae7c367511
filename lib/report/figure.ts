import type { Verdict } from "../core/mod.ts";
import type { PlotlySpec } from "./plot/mod.ts";

/** A figure with all that is needed to cite or redraw it. */
export interface Figure<Data = unknown> {
  /** The stem of its files and of the experiment: `figure1`. */
  name: string;
  title: string;
  /** What is drawn and how it was measured. */
  shows: string;
  /** What became of the paper's claim; none where the paper claims nothing. */
  verdict?: Verdict;
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
