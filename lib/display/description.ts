import { scrollable, type Table, toHtml, toText } from "../report/mod.ts";
import { type Bars, barsSvg, barsText } from "./bars.ts";

/** What a display shows of a value: a table, and a small plot where there is something to plot. */
export interface Description {
  table: Table;
  bars?: Bars;
}

/** The description as the content of a web page; a wide table scrolls in itself. */
export function descriptionHtml({ table, bars }: Description): string {
  const parts = [tableStyle, scrollable(toHtml(table)), ...bars ? [barsSvg(bars)] : []];
  return `<div class="agile-quant">${parts.join("\n")}</div>`;
}

/** What viewers of notebooks do not do by themselves. */
const tableStyle = `<style>
.agile-quant .scroll { overflow-x: auto; }
.agile-quant caption { text-align: left; font-weight: bold; }
.agile-quant :is(th, td) { text-align: left; }
.agile-quant .number { text-align: right; }
.agile-quant td:is(.number, :first-child) { white-space: nowrap; }
.agile-quant ul { font-size: smaller; }
</style>`;

/** The description as plain text. */
export function descriptionText({ table, bars }: Description): string {
  return bars ? `${toText(table)}\n${barsText(bars)}\n` : toText(table);
}
