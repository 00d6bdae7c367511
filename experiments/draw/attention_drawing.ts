import { counted } from "../../lib/core/mod.ts";
import { heatmap, lineChart, type PlotlySpec } from "../../lib/report/mod.ts";
import type { AttentionConcentration } from "../../lib/tokens/mod.ts";
import type {
  AttentionMap,
  AttentionMaps,
  LayerConcentration,
} from "../measure/attention_measure.ts";
import { formatShare } from "../result/format_estimate.ts";

/** The maps of the first and last layer, and the last one quantized, each with its shares. */
export function mapRow(
  { first, last, lastQuantized }: AttentionMaps,
  layers: LayerConcentration[],
  distance: number,
  prefixes = ["", "", ""],
): PlotlySpec[] {
  const [early, late] = [layers[0].full, layers.at(-1)!];
  const map = (
    title: string,
    values: AttentionMap,
    { start, local }: AttentionConcentration,
    right: boolean,
  ) =>
    heatmap({
      title: `${title}<br>first token ${formatShare(start)}, nearest ${distance} ${
        formatShare(local)
      }`,
      values,
      x: { title: "attended token" },
      y: { title: "token" },
      color: { title: "attention probability", scale: "log", range: [1e-5, 1] },
      colorBar: right,
      width: 330,
      height: 350,
    });
  return [
    map(`${prefixes[0]}first layer`, first, early, false),
    map(`${prefixes[1]}last layer`, last, late.full, false),
    map(`${prefixes[2]}last layer, quantized`, lastQuantized, late.quantized, true),
  ];
}

/**
 * The shares of attention that go to the first token and to the nearest ones, layer by layer, against
 * what equal attention would give.
 */
export function concentrationRow(
  models: readonly { model: string; attention: LayerConcentration[] }[],
  distance: number,
  prefixes = ["", ""],
): PlotlySpec[] {
  const curve = (
    name: string,
    layers: LayerConcentration[],
    share: keyof AttentionConcentration,
  ) => ({
    name,
    x: layers.map(({ layer }) => layer),
    y: layers.map(({ full }) => ({ value: 100 * full[share] })),
  });
  const chart = (title: string, name: "start" | "local", legend: boolean) =>
    lineChart({
      title,
      x: { title: "layer" },
      y: { title: "share of attention", unit: "%", fromZero: true },
      series: [
        ...models.map(({ model, attention }) =>
          curve(models.length > 1 ? model : "full precision", attention, name)
        ),
        {
          ...curve("equal attention", models[0].attention, `${name}IfUniform`),
          reference: true,
        },
      ],
      legend,
      width: 440,
      height: 330,
    });
  return [
    chart(`${prefixes[0]}attention to the first token`, "start", false),
    chart(`${prefixes[1]}attention to the nearest ${counted(distance, "token")}`, "local", true),
  ];
}

/** The share that every head of every layer gives the first token, before and after quantization. */
export function headRow(
  { attention }: { attention: LayerConcentration[] },
  prefixes: readonly [string, string],
): PlotlySpec[] {
  const map = (title: string, version: "full" | "quantized", colorBar: boolean) =>
    heatmap({
      title,
      values: attention.map(({ heads }) => heads[version].map((share) => 100 * share)),
      x: { title: "head" },
      y: { title: "layer" },
      color: { title: "attention to the first token", unit: "%", range: [0, 100] },
      columnLabels: attention[0].heads.full.map((_, head) => String(head)),
      rowLabels: attention.map(({ layer }) => String(layer)),
      colorBar,
      width: 440,
      height: 360,
    });
  return [
    map(`${prefixes[0]}by head`, "full", false),
    map(`${prefixes[1]}by head, quantized`, "quantized", true),
  ];
}

/** What quantization leaves of the shares of the first token and of the nearest ones, layer by layer. */
export function movementChart(layers: readonly LayerConcentration[], distance: number): PlotlySpec {
  const x = layers.map(({ layer }) => layer);
  return lineChart({
    title: "attention, quantized over full precision",
    x: { title: "layer" },
    y: { title: "ratio of the shares" },
    series: [
      { name: "first token", x, y: layers.map(({ startMoved }) => startMoved) },
      {
        name: `nearest ${counted(distance, "token")}`,
        x,
        y: layers.map(({ localMoved }) => localMoved),
      },
      { name: "no change", x, y: layers.map(() => ({ value: 1 })), reference: true },
    ],
    width: 640,
    height: 360,
  });
}
