import { bitSensitivityCells } from "../measure/bit_sensitivity.ts";
import type { CellKind } from "../measure/cell_kind.ts";
import { evaluationCells } from "../measure/evaluation.ts";
import { concentrationCells, mapCells } from "../measure/figure1_measure.ts";
import { noiseCells } from "../measure/noise_measure.ts";
import { outlierCells } from "../measure/outlier_measure.ts";
import { sensitivityCells } from "../measure/sensitivity_measure.ts";
import { siteChannelCells } from "../measure/site_channels.ts";
import { sparsityCells } from "../measure/sparsity_measure.ts";
import { stressCells } from "../measure/stress_measure.ts";
import { tokenCells } from "../measure/token_measure.ts";
import { tripCells } from "../measure/trip_measure.ts";

/** What measures every cell there is, in this process or another. */
export const cellKinds: readonly CellKind[] = [
  evaluationCells,
  bitSensitivityCells,
  concentrationCells,
  mapCells,
  noiseCells,
  tokenCells,
  tripCells,
  sparsityCells,
  sensitivityCells,
  stressCells,
  outlierCells,
  siteChannelCells,
];
