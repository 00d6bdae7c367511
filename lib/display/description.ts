import { type Table, tableStyle, toHtml, toText } from "../report/mod.ts";
import { type Bars, barsSvg, barsText } from "./bars.ts";

/** What a display shows of a value: a table, and a small plot where there is something to plot. */
export interface Description {
  table: Table;
  bars?: Bars;
}

/** The description as the content of a web page; a wide table scrolls in itself. */
export function descriptionHtml({ table, bars }: Description): string {
  const parts = [style, toHtml(table), ...bars ? [barsSvg(bars)] : []];
  return `<div class="agile-quant">${parts.join("\n")}</div>`;
}

/** The colours are those of JupyterLab's theme, where there is one. */
const style = `<style>
.agile-quant { contain: inline-size; --ground: var(--jp-layout-color0, light-dark(#fff, #16191d));
  --line: var(--jp-border-color2, light-dark(#ddd, #3a3f46));
  --shade: light-dark(rgb(0 0 0 / 0.3), rgb(255 255 255 / 0.35));
${tableStyle}
@media (min-width: 48rem) { td:first-child { white-space: nowrap; } }
ul { font-size: smaller; }
}
</style>`;

/** The description as plain text. */
export function descriptionText({ table, bars }: Description): string {
  return bars ? `${toText(table)}\n${barsText(bars)}\n` : toText(table);
}
