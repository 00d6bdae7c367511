import type { FigureExperiment } from "./figure.ts";
import { figure1 } from "./figure1.ts";

/** Every figure, in the order in which they are drawn. */
export const figures: readonly FigureExperiment[] = [figure1];
