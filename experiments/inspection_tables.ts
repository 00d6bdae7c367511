import type { Table, TableCell } from "../lib/report/mod.ts";
import type { LayerConcentration, MeasuredConcentration } from "./attention_measure.ts";
import type { LayerChannels } from "./channel_measure.ts";

/**
 * Where attention goes, layer by layer: in percent, and as a multiple of what equal attention to all
 * visible tokens would give.
 *
 * @param distance How many tokens count as near.
 */
export function concentrationTable(layers: readonly LayerConcentration[], distance: number): Table {
  const row = (name: string, shares: MeasuredConcentration): TableCell[] => [
    name,
    percent(shares.start),
    { ...shares.stripe, digits: 2 },
    percent(shares.local),
    { ...shares.diagonal, digits: 2 },
  ];
  return {
    title: "Where attention goes",
    columns: [
      "layer",
      "first token, %",
      "times equal attention",
      `nearest ${distance} tokens, %`,
      "times equal attention",
    ],
    rows: layers.flatMap(({ layer, full, quantized }) => [
      row(`${layer}`, full),
      row(`${layer}, quantized`, quantized),
    ]),
  };
}

/** How far channels differ, layer by layer. */
export function channelTable(layers: readonly LayerChannels[]): Table {
  return {
    title: "Outlier channels",
    columns: [
      "layer",
      "largest over median channel",
      "the same after pruning",
      "outlying in some token",
      "in half of the tokens",
    ],
    rows: layers.map(({ layer, spread, spreadPruned, outliers, persistent }): TableCell[] => [
      `${layer}`,
      { ...spread, digits: 2 },
      { ...spreadPruned, digits: 2 },
      outliers,
      persistent,
    ]),
  };
}

function percent(share: number): TableCell {
  return { value: 100 * share, digits: 1 };
}
