import { counted, exactVerdict, InputError } from "../../lib/core/mod.ts";
import {
  dotInt4,
  type LaneOverflow,
  packWeights,
  splitLanes,
  traceDotInt4,
} from "../../lib/int4/mod.ts";
import { lineChart, type PlotlySpec, type Table, type TableCell } from "../../lib/report/mod.ts";
import { findingNotes } from "../result/finding.ts";

/** The largest products there are, 15 x 15 in both lanes, in every row. */
function largestOperands(rows: number) {
  const weights = packWeights(new Uint8Array(2 * rows).fill(15), { rows, columns: 2 });
  return { activations: new Uint8Array(rows).fill(15), weights };
}

/** What the lower lane of the accumulator holds after each row, with and without spilling. */
export function drawLaneSums(rows: number): PlotlySpec {
  const { activations, weights } = largestOperands(rows);
  const series = (["spill", "wrap"] as const).map((overflow) => {
    const states = traceDotInt4(activations, weights, 0, { overflow })
      .filter(({ name }) => name === "accumulator");
    return {
      name: overflow === "spill" ? "spilled every 256 rows" : "left to overflow",
      x: states.map(({ step }) => step + 1),
      y: states.map(({ value }) => ({ value: splitLanes(value)[1] })),
      style: "lines" as const,
    };
  });
  const exact = series[0].x.map((row) => ({ value: 225 * row }));
  return lineChart({
    title: "A 16-bit lane that adds up products of 15 x 15",
    x: { title: "rows added" },
    y: { title: "lower lane of the accumulator" },
    series: [
      ...series,
      { name: "exact sum", x: series[0].x, y: exact, style: "lines", reference: true },
    ],
  });
}

/** What the multiplier gives for a sum of that many products of 15 x 15, however it treats overflow. */
export function overflowTable(rows: number): Table {
  const result = (overflow: LaneOverflow) => addUp(rows, overflow);
  let fitting = 1;
  while (addUp(fitting + 1, "refuse").at(-1) === "none") fitting++;
  return {
    title: `${counted(rows, "row")} of 15 x 15`,
    columns: ["lanes", "first column", "second column", "error"],
    rows: [
      ["exact", 225 * rows, 225 * rows, "none"],
      ["spill every 256 rows", ...result("spill")],
      ["wrap", ...result("wrap")],
      ["refuse", ...result("refuse")],
    ],
    notes: findingNotes([{
      claim: "256 rows can be added without overflow",
      verdict: exactVerdict(fitting >= 256),
      evidence: `a lane holds the products of ${fitting}`,
    }]),
  };
}

/** Both sums, and what was wrong with them. */
function addUp(rows: number, overflow: LaneOverflow): TableCell[] {
  const { activations, weights } = largestOperands(rows);
  try {
    return [...dotInt4(activations, weights, 0, { overflow }), "none"];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return [null, null, error.message];
  }
}
