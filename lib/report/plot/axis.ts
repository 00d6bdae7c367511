/** What an axis measures. */
export interface Axis {
  title: string;
  /** Printed after the title: `ms`, `nats per token`. None for counts, indices and ratios. */
  unit?: string;
  /** Linear unless given. */
  scale?: "linear" | "log";
  /** From and to, in the values' own unit also on a log scale; by default what the data need. */
  range?: readonly [from: number, to: number];
  /** Begins at 0, which shares and times should; linear scales only. */
  fromZero?: boolean;
  /** Larger values further down or left: rows of a matrix. */
  reversed?: boolean;
}

/** The title with its unit: `latency (ms)`. */
export function axisTitle({ title, unit }: Axis): string {
  return unit ? `${title} (${unit})` : title;
}

/**
 * Ticks of a log axis over these values: 1, 2 and 5 where they fit, or else powers of ten.
 * Over fewer than so many of them Plotly has its own.
 *
 * @param width Of the plot, CSS pixels, where labels stand beside each other.
 */
function logTicks(
  values: readonly number[],
  width: number,
  fewest: number,
): Record<string, unknown> {
  const positive = values.filter((value) => value > 0);
  const decades = Math.log10(Math.max(...positive) / Math.min(...positive));
  if (!(decades >= fewest)) return {};
  if (decades <= width / 130) return { dtick: "D2" };
  return { dtick: Math.ceil(40 * decades / width), tickformat: "", exponentformat: "power" };
}

/**
 * An axis below a plot over these values.
 *
 * @param width Of the plot, CSS pixels.
 */
export function horizontalAxis(axis: Axis, values: readonly number[], width: number) {
  const ticks = axis.scale === "log" ? logTicks(axis.range ?? values, width, 1) : {};
  return { ...plotlyAxis(axis), ...ticks };
}

/**
 * An axis beside a plot over these values: on a log scale of most of a decade or more 1, 2 and 5 where they
 * fit, or else powers of ten; Plotly's own labels of 7, 8, 9 and 10 lie on each other.
 *
 * @param height Of the plot, CSS pixels.
 */
export function verticalAxis(axis: Axis, values: readonly number[], height: number) {
  const ticks = axis.scale === "log" ? logTicks(axis.range ?? values, 3 * height, 0.7) : {};
  return { ...plotlyAxis(axis), ...ticks };
}

/** The axis as Plotly's layout has it. */
export function plotlyAxis(axis: Axis): Record<string, unknown> {
  const { scale = "linear", range, fromZero = false, reversed = false } = axis;
  const ends = range?.map((end) => scale === "log" ? Math.log10(end) : end);
  return {
    title: { text: axisTitle(axis) },
    type: scale,
    ...scale === "log" && { tickformat: "~g" },
    ...fromZero && { rangemode: "tozero" },
    ...ends
      ? { range: reversed ? ends.toReversed() : ends }
      : reversed && { autorange: "reversed" },
  };
}
