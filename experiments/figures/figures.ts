import { channels } from "./channels.ts";
import { divergence } from "./divergence.ts";
import type { FigureExperiment } from "./figure.ts";
import { figure1 } from "./figure1.ts";
import { figure2 } from "./figure2.ts";
import { figure3 } from "./figure3.ts";
import { figure4 } from "./figure4.ts";
import { figure5 } from "./figure5.ts";
import { figure6 } from "./figure6.ts";
import { figure7 } from "./figure7.ts";
import { figure8 } from "./figure8.ts";
import { outliers } from "./outliers.ts";
import { sensitivity } from "./sensitivity.ts";
import { stress } from "./stress.ts";

/** Every figure, in the order in which they are drawn. */
export const figures: readonly FigureExperiment[] = [
  figure1,
  figure2,
  figure3,
  figure4,
  figure5,
  figure6,
  figure7,
  figure8,
  outliers,
  channels,
  sensitivity,
  divergence,
  stress,
];
