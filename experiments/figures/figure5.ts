import { packWeights, type RegisterState, traceDotInt4 } from "../../lib/int4/mod.ts";
import { drawFigure5 } from "../draw/figure5_drawing.ts";
import { readBenchRecord } from "../result/bench_record.ts";
import { kernelRows, speedRatios } from "../result/int4_speed.ts";
import type { FigureExperiment } from "./figure.ts";

/**
 * The registers of a signed dot product of three rows and two columns, for a picture of the bits:
 * weights and activations in offset binary.
 */
export function figure5Trace(): RegisterState[] {
  const weights = Uint8Array.of(13, 6, 2, 15, 9, 0);
  const layout = { rows: 3, columns: 2, zeroPoint: 8 };
  const activations = Uint8Array.of(11, 15, 3);
  return traceDotInt4(activations, packWeights(weights, layout), 0, { activationZeroPoint: 8 });
}

/** Figure 5: the multiplier's registers, and its speed as `deno task bench int4` measured it. */
export const figure5: FigureExperiment = {
  name: "figure5",
  measuredBy: [],
  bench: "int4",
  title: "The lane-packed INT4 multiplier",
  families: [],
  async run() {
    const record = await readBenchRecord("int4");
    const { machine, versions, commit, started, contenders, quick } = record;
    const rows = kernelRows(record);
    const drawn = { ratios: speedRatios(rows), trace: figure5Trace() };
    return {
      name: figure5.name,
      title: figure5.title,
      configuration: { machine, versions, commit, started, contenders, quick },
      data: { rows, ...drawn },
      ...drawFigure5(drawn),
    };
  },
};
