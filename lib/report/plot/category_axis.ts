import { marginFor } from "./frame.ts";
import { fontSizes, labelSize, widest } from "./room.ts";

/** An axis of labels, as Plotly's layout has it, and the margin that they need, CSS pixels. */
interface CategoryAxis {
  axis: { type: "category"; dtick: number; tickangle: number };
  margin: number;
}

/** Between the beginnings of two lines of labels, CSS pixels. */
const linePitch = 1.15 * fontSizes.ticks;

/**
 * An axis of labels below a plot of this width: level where they fit, slanted or upright where they do
 * not, and every second or third one where even that is too dense.
 */
export function columnLabels(labels: readonly string[], width: number): CategoryAxis {
  const pitch = width / labels.length;
  const most = widest(labels, fontSizes.ticks);
  const high = Math.max(...labels.map((label) => labelSize(label, fontSizes.ticks).height));
  if (most + 6 <= pitch) return axisOf(0, 1, marginFor("bottom", high));
  const step = Math.ceil(linePitch / pitch);
  if (high < pitch * Math.SQRT1_2) {
    return axisOf(-45, 1, marginFor("bottom", (most + high) * Math.SQRT1_2));
  }
  return axisOf(-90, step, marginFor("bottom", most));
}

/** An axis of labels at the left of a plot of this height: every one that has a line to itself. */
export function rowLabels(labels: readonly string[], height: number): CategoryAxis {
  const step = Math.ceil(linePitch * labels.length / height);
  return axisOf(0, step, marginFor("left", widest(labels, fontSizes.ticks)));
}

function axisOf(tickangle: number, dtick: number, margin: number): CategoryAxis {
  return { axis: { type: "category", dtick, tickangle }, margin };
}
