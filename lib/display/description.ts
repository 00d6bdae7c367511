import { type Table, toHtml, toText } from "../report/mod.ts";
import { type Bars, barsSvg, barsText } from "./bars.ts";

/** What a display shows of a value: a table, and a small plot where there is something to plot. */
export interface Description {
  table: Table;
  bars?: Bars;
}

/** The description as the content of a web page. */
export function descriptionHtml({ table, bars }: Description): string {
  return bars ? `${toHtml(table)}\n${barsSvg(bars)}` : toHtml(table);
}

/** The description as plain text. */
export function descriptionText({ table, bars }: Description): string {
  return bars ? `${toText(table)}\n${barsText(bars)}\n` : toText(table);
}
