import { byteMap } from "../../lib/linear/mod.ts";
import { rtn, searchTrip } from "../../lib/quant/mod.ts";
import type { Turn } from "../harness/turn.ts";
import { randomValues } from "../../experiments/measure/random_model.ts";

/** A 4-bit weight in groups of columns that share a scale. */
export interface PackedWeightJob {
  outputs: number;
  columns: number;
  groupSize: number;
}

/** Gets a weight ready. A turn gives the bytes that one of its numbers takes, with its scales. */
export function preparePackedWeight({ outputs, columns, groupSize }: PackedWeightJob): Turn {
  const weight = rtn(randomValues(outputs * columns), {
    ...{ rows: outputs, columns, bits: 4, groupSize },
    ...{ symmetric: false, range: "minmax" },
  });
  const grid = searchTrip(randomValues(16 * columns), { channels: columns, bits: 8, K: 3 });
  using map = byteMap(weight, grid);
  const bytes = map.byteLength / (outputs * columns);
  return () => ({ "bytes per weight": bytes });
}
