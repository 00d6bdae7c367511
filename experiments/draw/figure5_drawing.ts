import { combineVerdicts, describeCases } from "../../lib/core/mod.ts";
import type { RegisterState } from "../../lib/int4/mod.ts";
import { barChart, type Drawing, letterOf, panels } from "../../lib/report/mod.ts";
import {
  type LevelVerdict,
  levelVerdicts,
  paperLevel,
  type SpeedRatio,
} from "../result/int4_speed.ts";
import { drawRegisters } from "./register_drawing.ts";

/** Of one half of the registers. */
const width = 470;

/** What figure 5 shows. */
export interface Figure5Data {
  ratios: readonly SpeedRatio[];
  /** Registers of a small dot product, in the order in which they are set. */
  trace: readonly RegisterState[];
}

/** Draws figure 5, the multiplier at work and what it is worth, and says what it shows. */
export function drawFigure5(
  { ratios, trace }: Figure5Data,
): Drawing {
  const formats = [...new Set(ratios.map(({ against }) => against))];
  const half = Math.ceil(trace.length / 2);
  const verdicts = levelVerdicts(ratios);
  const cases = verdicts.filter(({ level }) => level === paperLevel)
    .map(({ against, verdict }) => ({ name: `the lead over ${against}`, verdict }));
  return {
    shows: "The registers of the lane-packed multiplier during a small dot product, and how many " +
      "times as fast its kernel is as the fastest of the other format at the same instruction level, " +
      "on one thread.",
    verdict: combineVerdicts(cases),
    agreement:
      "The paper claims its speeds on processors without dot products. With the instructions that " +
      `those have, over all depths: ${describeCases(cases) || "not measured"}.`,
    details: formats.map((format) => describe(format, verdicts)),
    spec: panels([
      [
        drawRegisters(trace.slice(0, half), "a. a dot product, register by register", { width }),
        drawRegisters(trace.slice(half), "b. the same dot product, continued", { width }),
      ],
      ...formats.map((format, index) => [ratioPanel(format, ratios, letterOf(index + 2))]),
    ]),
  };
}

function describe(format: string, verdicts: readonly LevelVerdict[]): string {
  const own = verdicts.filter(({ against }) => against === format);
  const levels = own.map(({ level, lowest, highest, verdict }) =>
    `${lowest.toFixed(2)} to ${highest.toFixed(2)} (${level}: ${verdict})`
  );
  return `Against ${format} the paper has ${own[0].paper}; here it is ${levels.join(", ")}.`;
}

function ratioPanel(format: string, ratios: readonly SpeedRatio[], letter: string) {
  const own = ratios.filter(({ against }) => against === format);
  const levels = [...new Set(own.map(({ level }) => level))];
  const depths = [...new Set(own.map(({ depth }) => depth))];
  const found = (level: string, depth: number) =>
    own.find((row) => row.level === level && row.depth === depth);
  return barChart({
    title: `${letter}. packed INT4 against ${format}`,
    categories: levels,
    x: { title: "instruction level" },
    y: { title: "times as fast", fromZero: true },
    series: [
      ...depths.map((depth) => ({
        name: `depth ${depth}`,
        values: levels.map((level) => found(level, depth)?.ratio ?? null),
      })),
      {
        name: "the paper",
        values: levels.map(() => ({ value: own[0].paper })),
        labels: levels.map(() => String(own[0].paper)),
        reference: true,
      },
    ],
    width: 960,
    height: 340,
  });
}
