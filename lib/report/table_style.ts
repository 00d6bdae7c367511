/**
 * How tables of {@linkcode toHtml} look in every page. One that is wider than the page scrolls in its
 * box: its first column stays, and a shadow at the right edge shows that there is more, until the end
 * is reached. The page gives the colours `--ground`, `--line` and `--shade`; cells are see-through, so
 * that the shadow behind them is seen.
 */
export const tableStyle = `
.scroll { overflow-x: auto; }
.scroll:has(> table) { background:
  linear-gradient(var(--ground) 0 0) right / 2.5rem 100% no-repeat local,
  linear-gradient(to left, var(--shade), transparent) right / 2.5rem 100% no-repeat scroll; }
.scroll table { border-collapse: collapse; margin: 0; table-layout: auto;
  font-variant-numeric: tabular-nums; }
.scroll caption { text-align: left; font-weight: 600; padding: 0.5rem 0; }
.scroll :is(th, td) { padding: 0.3rem 0.5rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
.scroll th { border-bottom-width: 2px; vertical-align: bottom; }
.scroll .group { border-bottom-width: 1px; }
.scroll .number { text-align: right; }
.scroll td.number { white-space: nowrap; }
.scroll tbody tr:nth-child(n) { background: none; }
.scroll tbody tr:nth-child(even) { background: rgb(127 127 127 / 0.09); }
.scroll :is(thead tr:first-child th, td):first-child { position: sticky; left: 0; background: var(--ground);
  box-shadow: inset -1px 0 var(--line); }
`;
