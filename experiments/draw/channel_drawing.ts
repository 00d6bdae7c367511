import { heatmap, lineChart, type PlotlySpec } from "../../lib/report/mod.ts";
import type { ChannelMap } from "../measure/channel_measure.ts";

/** |x| of every channel over the tokens, and the ranked maxima with and without pruning. */
export function channelRow(
  { magnitudes, maxima, maximaPruned, layer }: ChannelMap,
  place: string,
  ranking = "channel maxima",
): PlotlySpec[] {
  const ranked = (values: number[]) =>
    values.toSorted((one, other) => other - one).map((value) => ({ value }));
  const ranks = maxima.map((_, rank) => rank + 1);
  return [
    heatmap({
      title: `${place}, layer ${layer}`,
      values: magnitudes,
      x: { title: "channel" },
      y: { title: "token" },
      color: { title: "|x|" },
      width: 480,
      height: 350,
    }),
    lineChart({
      title: `${ranking}, ranked`,
      x: { title: "rank of the channel", scale: "log" },
      y: { title: "largest |x|", fromZero: true },
      series: [
        { name: "all tokens", x: ranks, y: ranked(maxima), style: "lines" },
        { name: "after pruning", x: ranks, y: ranked(maximaPruned), style: "lines" },
      ],
      width: 400,
      height: 350,
    }),
  ];
}
