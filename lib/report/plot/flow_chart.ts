import { require } from "../../core/mod.ts";
import { frame, type FrameOptions } from "./frame.ts";
import { fontSizes } from "./room.ts";
import type { PlotlySpec } from "./spec.ts";
import { neutral, palette } from "./theme.ts";

/** One step of a computation. */
export interface FlowStep {
  /** Printed into its box; `<br>` begins a new line. */
  label: string;
  /** Printed on the way to it: what is done to the value that it reads. */
  input?: string;
}

/** A computation from left to right. */
export interface FlowData extends FrameOptions {
  steps: readonly FlowStep[];
}

/**
 * Boxes joined by arrows. An arrow with something to say is coloured, its text below it.
 *
 * @throws {InputError} If there are no steps.
 */
export function flowChart({ steps, ...options }: FlowData): PlotlySpec {
  require(steps.length > 0, "draw a computation", "it must have a step");
  const axis = { visible: false, fixedrange: true };
  const boxes = steps.map(({ input }, index) => ({
    type: "rect",
    x0: index - 0.36,
    x1: index + 0.36,
    y0: 0.15,
    y1: 0.85,
    line: { color: neutral, width: 1 },
    fillcolor: input === undefined ? "rgba(0,0,0,0)" : `${palette[0]}22`,
  }));
  const labels = steps.map(({ label }, index) => (
    { x: index, y: 0.5, text: label, showarrow: false, font: { size: fontSizes.notes } }
  ));
  const arrows = steps.map(({ input }, index) => ({
    x: index - 0.36,
    y: 0.5,
    ax: index - 0.64,
    ay: 0.5,
    axref: "x",
    ayref: "y",
    text: "",
    showarrow: true,
    arrowhead: 2,
    arrowsize: 0.8,
    arrowwidth: input === undefined ? 1 : 2,
    arrowcolor: input === undefined ? neutral : palette[1],
  }));
  const inputs = steps.flatMap(({ input }, index) =>
    input === undefined ? [] : [{
      x: index,
      y: 0.1,
      yanchor: "top",
      text: input,
      showarrow: false,
      font: { size: fontSizes.notes, color: palette[1] },
    }]
  );
  return frame({ height: 170, ...options }, [], {
    left: 20,
    xaxis: { ...axis, range: [-0.75, steps.length - 0.55] },
    yaxis: { ...axis, range: [-0.45, 1] },
    shapes: boxes,
    annotations: [...labels, ...arrows, ...inputs],
  });
}
