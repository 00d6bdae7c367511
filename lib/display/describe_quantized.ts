import { counted, mean, quantile } from "../core/mod.ts";
import { type AffineMatrix, bitsPerWeight, type UniformGrid } from "../format/mod.ts";
import type { Log2Quantized, TripParams, UniformQuantized } from "../quant/mod.ts";
import type { TableCell } from "../report/mod.ts";
import type { Bars } from "./bars.ts";
import type { Description } from "./description.ts";

/** Grid and codes of {@linkcode quantizeUniform}: how many codes are used, how many values clip. */
export function describeUniform({ codes, params }: UniformQuantized): Description {
  const { codeMin, codeMax } = params;
  const counts = countCodes(codes, codeMin, codeMax);
  const atEnds = (counts[0] + counts.at(-1)!) / codes.length;
  return {
    table: properties("Uniform quantization", [
      ...gridRows(params),
      ...usageRows(codes.length, counts),
      ["values at the lowest or highest code", percent(atEnds)],
    ]),
    bars: codeBars(counts, codeMin, codeMax),
  };
}

/** Levels and codes of {@linkcode quantizeLog2}. */
export function describeLog2({ codes, params }: Log2Quantized): Description {
  const { bits, profile, maximum } = params;
  const counts = countCodes(codes, 0, 2 ** bits);
  return {
    table: properties("Log2 quantization", [
      ["bits", bits],
      ["profile", profile],
      ["code 0 stands for", significant(maximum)],
      ...usageRows(codes.length, counts),
      ["values that became 0", percent(counts[2 ** bits] / codes.length)],
    ]),
    bars: codeBars(counts, 0, 2 ** bits),
  };
}

/** The powers of two that {@linkcode searchTrip} chose, and what they save. */
export function describeTrip(params: TripParams): Description {
  const { K, alpha, finestScale, scores } = params;
  const channels = alpha.length;
  const chosen = mean(Array.from(alpha, (power, channel) => scores[channel * (K + 1) + power]));
  const coarse = mean(Array.from(alpha, (_, channel) => scores[channel * (K + 1) + K]));
  const rows = countCodes(alpha, 0, K).map((count, power): TableCell[] => [
    String(power),
    significant(finestScale * 2 ** power),
    count,
    { value: 100 * count / channels, digits: 2 },
  ]);
  return {
    table: {
      title: `TRIP: ${params.bits} bits, K = ${K}, ${counted(channels, "channel")}`,
      columns: ["alpha", "step", "channels", "share, %"],
      rows,
      notes: [
        `Mean squared error ${significant(chosen)}; with one step for all channels ` +
        `${significant(coarse)}.`,
      ],
    },
    bars: {
      title: "alpha over the channels",
      ends: ["channel 0", `channel ${channels - 1}`],
      values: Array.from(alpha),
    },
  };
}

/** The grid and the codes of a weight matrix that RTN or GPTQ rounded. */
export function describeWeight(weight: AffineMatrix): Description {
  const { rows, columns, bits, groups, scale } = weight;
  const codes = weight.readCodes();
  const codeMax = 2 ** bits - 1;
  const counts = countCodes(codes, 0, codeMax);
  return {
    table: properties("Quantized weight", [
      ["rows x columns", `${rows} x ${columns}`],
      ["groups per row", groups],
      ["bits per weight, all counted", bitsPerWeight(weight).toFixed(3)],
      ["scale", span(scale)],
      ...usageRows(codes.length, counts),
    ]),
    bars: codeBars(counts, 0, codeMax),
  };
}

function gridRows({ bits, profile, codeMin, codeMax, scale, zeroPoint }: UniformGrid) {
  return [
    ["bits", bits],
    ["profile", profile],
    ["codes", `${codeMin}..${codeMax}`],
    ["scales", scale.length],
    ["scale", span(scale)],
    ["zero point", span(zeroPoint)],
  ] satisfies TableCell[][];
}

function usageRows(values: number, counts: number[]): TableCell[][] {
  const used = counts.filter((count) => count > 0).length;
  return [["values", values], ["codes in use", `${used} of ${counts.length}`]];
}

function properties(title: string, rows: TableCell[][]) {
  return {
    title,
    columns: ["property", "value"],
    rows: rows.map(([key, value]) => [key, `${value}`]),
  };
}

function codeBars(counts: number[], first: number, last: number): Bars {
  return { title: "values per code", ends: [`${first}`, `${last}`], values: counts };
}

function countCodes(codes: ArrayLike<number>, low: number, high: number): number[] {
  const counts = new Array<number>(high - low + 1).fill(0);
  for (let i = 0; i < codes.length; i++) counts[codes[i] - low]++;
  return counts;
}

function span(values: Float32Array | Float16Array | Int32Array): string {
  const [low, high] = [0, 1].map((probability) => significant(quantile(values, probability)));
  return low === high ? low : `${low}..${high}`;
}

function significant(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
