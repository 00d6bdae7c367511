import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { interactiveFigures } from "../../lib/display/mod.ts";
import { fontFaces } from "../../lib/report/mod.ts";
import { type Notebook, notebookMetadata } from "../../tools/notebook.ts";
import { notebookPage, withoutPlotly } from "../../tools/notebook_page.ts";

Deno.test("withoutPlotly() takes the script out of its output and leaves the others", async () => {
  const shown = await interactiveFigures() as unknown as Record<symbol, () => object>;
  const bundle = await shown[Symbol.for("Jupyter.display")]() as Record<string, string>;
  const lines = bundle["text/html"].match(/.*\n|.+$/g)!; // as nbformat stores text
  const data = { ...bundle, "text/html": lines };
  const other = {
    output_type: "display_data" as const,
    data: { "text/html": "<script>1</script>" },
  };
  const notebook: Notebook = {
    cells: [{
      cell_type: "code",
      id: "a",
      metadata: {},
      source: "await interactiveFigures();",
      outputs: [{ output_type: "execute_result", data }, other],
    }],
    metadata: notebookMetadata,
    nbformat: 4,
    nbformat_minor: 5,
  };
  const [first, second] = withoutPlotly(notebook).cells[0].outputs!;
  assertEquals(first.data, {
    "text/html":
      `<style>${fontFaces}</style><small>Figures are interactive: plotly.js 4.1.1</small>`,
  });
  assertEquals(second, other);
});

Deno.test("notebookPage() needs nothing but the shared script", () => {
  const page = notebookPage("A & B", "<p>cells</p>", "../plotly.min.js");
  assertStringIncludes(page, "<title>A &amp; B</title>");
  assertStringIncludes(page, "<p>cells</p>");
  const links = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link);
  assertEquals(links, ["../plotly.min.js"]);
  assert(!page.includes("https:"));
});
