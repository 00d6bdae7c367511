import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  barsSvg,
  barsText,
  type Description,
  descriptionHtml,
  descriptionText,
} from "../../lib/display/mod.ts";
import { toHtml, toText } from "../../lib/report/mod.ts";
import { browserTest } from "../browser.ts";

const table = { title: "T", columns: ["a"], rows: [["<b>"]] };
const bars: Description["bars"] = { title: "a & b", ends: ["0", "1"], values: [1, 2] };

Deno.test("descriptionText() sets the bars below the table", () => {
  assertEquals(descriptionText({ table }), toText(table));
  assertEquals(descriptionText({ table, bars }), `${toText(table)}\n${barsText(bars)}\n`);
});

Deno.test("descriptionHtml() has the table, then the bars, if there are any", () => {
  const html = descriptionHtml({ table, bars });
  assert(html.indexOf(toHtml(table)) > 0);
  assert(html.indexOf(barsSvg(bars)) > html.indexOf(toHtml(table)));
  assertEquals(descriptionHtml({ table }).includes("<svg"), false);
});

Deno.test("descriptionHtml() styles its own content alone", () => {
  const html = descriptionHtml({ table });
  const style = html.match(/^<div class="agile-quant"><style>([^<]*)<\/style>/)![1].trim();
  let depth = 0;
  const depths = style.matchAll(/[{}]/g).map(([brace]) => depth += brace === "{" ? 1 : -1);
  assertStringIncludes(style.split("{")[0], ".agile-quant ");
  assertEquals([...depths].indexOf(0), [...style.matchAll(/[{}]/g)].length - 1);
});

browserTest(
  "descriptionHtml() scrolls a wide table in itself, also where outputs grow with their content",
  async (browser) => {
    const columns = Array.from({ length: 20 }, (_, column) => `heading${column}`);
    const html = descriptionHtml({ table: { title: "t", columns, rows: [columns] } });
    const page = await browser.newPage();
    await page.setContent(`<div style="display: grid; width: 300px"><div>${html}</div></div>`);
    const [shown, whole] = await page.evaluate<number[]>(
      `(({ clientWidth, scrollWidth }) => [clientWidth, scrollWidth])(document.querySelector(".scroll"))`,
    );
    assert(shown <= 300 && whole > 1000, `${shown} of ${whole} px are shown`);
  },
);
