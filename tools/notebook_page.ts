import { plotlyScript } from "../lib/display/mod.ts";
import { escapeHtml } from "../lib/report/mod.ts";
import type { Notebook } from "./notebook.ts";

/** The notebook without the copy of Plotly that its outputs hold: pages share a file instead. */
export function withoutPlotly(notebook: Notebook): Notebook {
  const html = "text/html";
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    outputs: cell.outputs?.map((output) => {
      const content = [output.data?.[html] ?? ""].flat().join("");
      if (!content.startsWith(plotlyScript)) return output;
      return { ...output, data: { [html]: content.slice(content.indexOf("</script>") + 9) } };
    }),
  }));
  return { ...notebook, cells };
}

/**
 * A notebook as a page that needs no network.
 *
 * @param cells Its cells as nbconvert's template `basic` renders them.
 * @param plotly Where plotly.js lies, as seen from the page.
 */
export function notebookPage(title: string, cells: string, plotly: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<script src="${escapeHtml(plotly)}"></script>
</head>
<body>
<script>
document.body.dataset.jpThemeLight = !matchMedia("(prefers-color-scheme: dark)").matches;
</script>
<main>
${cells}
</main>
</body>
</html>
`;
}

const style = `
:root { color-scheme: light dark; --faint: light-dark(#f4f5f7, #22262b); --line: light-dark(#ddd, #3a3f46); }
body { margin: 0; background: light-dark(#fff, #16191d); color: light-dark(#1a1a1a, #e8e8e8);
  font: 16px/1.55 Arial, Helvetica, "Liberation Sans", sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 24px 20px 80px; }
h1 { font-size: 1.9em; } h2 { margin-top: 2em; border-bottom: 1px solid var(--line); }
.anchor-link, .prompt, .output_prompt { display: none; }
code, pre { font: 13px/1.45 ui-monospace, "Liberation Mono", Consolas, monospace; }
pre { margin: 0; padding: 10px 12px; overflow-x: auto; }
.highlight { background: var(--faint); border-left: 3px solid #0072b2; margin: 12px 0 4px; }
.output_area { margin: 6px 0 14px; }
table { border-collapse: collapse; font-size: 14px; margin: 6px 0; }
th, td { padding: 3px 12px; border-bottom: 1px solid var(--line); }
caption { padding: 4px 0; }
.highlight .k, .highlight .kd, .highlight .kr, .highlight .kc { color: light-dark(#8b2252, #d98fb8); }
.highlight .s, .highlight .s1, .highlight .s2, .highlight .sb { color: light-dark(#1b6e3c, #7fc99a); }
.highlight .c1, .highlight .cm { color: light-dark(#666, #9aa0a6); }
.highlight .mf, .highlight .mi { color: light-dark(#0055a4, #7fb6e6); }
`;
