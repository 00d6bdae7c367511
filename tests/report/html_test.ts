import { assertEquals } from "@std/assert";
import { escapeHtml, toHtml } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toHtml() has caption, headings, a row per line and notes", () => {
  assertEquals(
    toHtml(example),
    `<div style="overflow-x:auto"><table>
<caption style="text-align:left;font-weight:bold">Perplexity of a_b &amp; c</caption>
<thead><tr><th style="text-align:left">method</th><th style="text-align:right">bits</th>\
<th style="text-align:right">PPL</th><th style="text-align:left">order|sign</th>\
<th style="text-align:right">C4</th></tr></thead>
<tbody><tr><td style="text-align:left">FP16</td><td style="text-align:right">16</td>\
<td style="text-align:right">5.68</td><td style="text-align:left">yes</td>\
<td style="text-align:right">–</td></tr>
<tr><td style="text-align:left">GPTQ, &quot;g128&quot;</td><td style="text-align:right">4</td>\
<td style="text-align:right">12.34 [11.90, 12.80]</td><td style="text-align:left"></td>\
<td style="text-align:right">∞</td></tr>
<tr><td style="text-align:left">[x]</td><td style="text-align:right">4</td>\
<td style="text-align:right">1.20e+7 [1.10e+7, ∞]</td><td style="text-align:left">&lt; no&gt;</td>\
<td style="text-align:right">-0.5</td></tr></tbody>
</table></div>
<p><small>Windows of 2048 tokens, 95 % intervals.</small></p>
<p><small>Cost: $0 ~ {none}.</small></p>`,
  );
});

Deno.test("escapeHtml() escapes what ends text or an attribute", () => {
  assertEquals(escapeHtml(`<a href="x">&amp;`), "&lt;a href=&quot;x&quot;&gt;&amp;amp;");
});
