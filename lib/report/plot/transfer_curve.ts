import type { Axis } from "./axis.ts";
import type { FrameOptions } from "./frame.ts";
import { lineChart } from "./line_chart.ts";
import type { PlotlySpec } from "./spec.ts";

/** What quantizers make of their input. */
export interface TransferCurves extends FrameOptions {
  input: Axis;
  output: Axis;
  /** Input values, ascending. */
  x: readonly number[];
  /** Per quantizer, what comes out for each of them. */
  curves: readonly { name: string; y: readonly number[] }[];
}

/**
 * Output against input of quantizers, with the line on which nothing is lost.
 *
 * @throws {InputError} If a curve has not one output for every input.
 */
export function transferCurves(
  { input, output, x, curves, ...options }: TransferCurves,
): PlotlySpec {
  const points = (y: readonly number[]) => y.map((value) => ({ value }));
  return lineChart({
    ...options,
    x: input,
    y: output,
    series: [
      { name: "no quantization", x, y: points(x), reference: true, style: "lines" },
      ...curves.map(({ name, y }) => ({ name, x, y: points(y), style: "steps" as const })),
    ],
  });
}
