import type { FigureExperiment } from "./figure.ts";
import { figure1 } from "./figure1.ts";
import { figure7 } from "./figure7.ts";

/** Every figure, in the order in which they are drawn. */
export const figures: readonly FigureExperiment[] = [figure1, figure7];
