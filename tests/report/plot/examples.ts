import {
  barChart,
  bitFields,
  flowChart,
  heatmap,
  lineChart,
  panels,
  type PlotlySpec,
  scatterChart,
  transferCurves,
} from "../../../lib/report/mod.ts";

const low = { value: 2, low: 1, high: 4 };
const x = { title: "layer" };
const y = { title: "latency", unit: "ms" };

const single = {
  heatmap: heatmap({
    title: "Map",
    values: [[1, null], [0.1, 0.01]],
    x,
    y: { title: "token" },
    color: { title: "attention", unit: "share", scale: "log" },
  }),
  lineChart: lineChart({
    title: "Lines",
    x,
    y,
    series: [
      { name: "ours", x: [0, 1], y: [low, low] },
      { name: "control", x: [0, 1], y: [{ value: 1 }, { value: 2 }], reference: true },
    ],
  }),
  barChart: barChart({
    title: "Bars",
    categories: ["FP32", "INT8"],
    x: { title: "format" },
    y,
    series: [
      { name: "ours", values: [low, null], labels: ["2x", ""] },
      { name: "theirs", values: [{ value: 1 }, { value: 3 }] },
    ],
  }),
  scatterChart: scatterChart({
    title: "Points",
    x,
    y,
    series: [{ name: "ours", x: [low, { value: 1 }], y: [low, low] }],
  }),
  transferCurves: transferCurves({
    input: { title: "x" },
    output: { title: "Q(x)" },
    x: [-1, 0, 1],
    curves: [{ name: "uniform", y: [-1, 0, 1] }],
  }),
  flowChart: flowChart({
    title: "Flow",
    steps: [{ label: "norm" }, { label: "up", input: "8 bit" }],
  }),
  bitFields: bitFields({
    registers: [{
      label: "weights",
      fields: [{ name: "0", bits: 4, value: 0 }, { name: "w", bits: 4, value: 13, lane: 0 }],
    }],
  }),
};

/** A figure of every kind, by the name of what builds it. */
export const examples: Record<string, PlotlySpec> = {
  ...single,
  panels: panels([
    [single.heatmap, single.lineChart],
    [single.barChart, single.bitFields, single.flowChart],
  ], "Everything"),
};
