import { verdictLegend } from "../../lib/core/mod.ts";
import type { Table, TableCell } from "../../lib/report/mod.ts";
import {
  type KernelRow,
  type LevelVerdict,
  levelVerdicts,
  speedRatios,
} from "../result/int4_speed.ts";

/** How fast the packed INT4 product is beside others, as tables with the verdicts. */
export function kernelTables(rows: KernelRow[]): Table[] {
  const depths = [...new Set(rows.map(({ depth }) => depth))];
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const ratios = speedRatios(rows);
  const grid = (title: string, value: (row: KernelRow) => number, digits: number): Table => ({
    title,
    columns: ["contender", ...depths.map((depth) => `depth ${depth}`)],
    rows: contenders.map((contender) => [
      contender,
      ...depths.map((depth): TableCell => {
        const found = rows.find((row) => row.contender === contender && row.depth === depth);
        return found ? { value: value(found), digits } : null;
      }),
    ]),
  });
  return [
    grid(
      "Billions of multiplications and additions per second, one thread",
      (row) => row.rate.value,
      2,
    ),
    grid("Cycles per multiplication and addition", ({ cycles }) => cycles, 3),
    instructionTable(rows),
    {
      title: "Packed INT4 against the fastest of the same instruction level",
      columns: ["level", "against", ...depths.map((depth) => `depth ${depth}`), "paper"],
      rows: levelVerdicts(ratios).map(({ level, against, paper }) => [
        level,
        against,
        ...depths.map((depth): TableCell => {
          const found = ratios.find((row) =>
            row.level === level && row.against === against && row.depth === depth
          );
          return found ? { ...found.ratio, digits: 2 } : null;
        }),
        { value: paper, digits: 2 },
      ]),
      notes: [
        ...levelSentences(levelVerdicts(ratios)),
        "the paper compares with FP16, which WebAssembly does not compute in; native int4 is the " +
        "packed product in WebAssembly, and native layers quantize and lay out their activations, too",
        verdictLegend,
      ],
    },
  ];
}

function instructionTable(rows: KernelRow[]): Table {
  const counted = new Map(
    rows.flatMap(({ contender, instructions }) =>
      instructions === undefined ? [] : [[contender, instructions]]
    ),
  );
  return {
    title: "Vector instructions per multiplication and addition, inner loop and spills",
    columns: ["contender", "instructions"],
    rows: [...counted].map(([contender, value]) => [contender, { value, digits: 3 }]),
  };
}

/** One line per verdict. */
function levelSentences(verdicts: readonly LevelVerdict[]): string[] {
  return verdicts.map(({ level, against, verdict, lowest, highest, paper }) =>
    `${level}: packed INT4 is ${lowest.toFixed(2)} to ${highest.toFixed(2)} times as fast as ` +
    `${against}; the paper's ${paper}: ${verdict}`
  );
}
