import { assertEquals, assertStringIncludes } from "@std/assert";
import { escapeHtml, toHtml } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toHtml() marks numeric columns and escapes signs with a meaning", () => {
  const html = toHtml(example);
  assertStringIncludes(html, "<caption>Perplexity of a_b &amp; c</caption>");
  assertStringIncludes(
    html,
    '<thead><tr><th>method</th><th class="number">bits</th><th class="number">PPL</th>' +
      '<th>order|sign</th><th class="number">C4</th></tr></thead>',
  );
  assertStringIncludes(
    html,
    '<tr><td>GPTQ, &quot;g128&quot;</td><td class="number">4</td>' +
      '<td class="number">12.34 [11.90, 12.80]</td><td></td><td class="number">∞</td></tr>',
  );
  assertStringIncludes(html, "<td>&lt; no&gt;</td>");
  assertStringIncludes(html, "<li>Cost: $0 ~ {none}.</li></ul>");
});

Deno.test("toHtml() leaves out the list of a table without notes", () => {
  const html = toHtml({ title: "t", columns: ["x"], rows: [[1]] });
  assertEquals(html.includes("<ul>"), false);
});

Deno.test("toHtml() puts a group's heading above the names of neighbours in it", () => {
  const columns = ["method", "a on b: x", "a on b: y", "alone: z", "c: x", "c: y"];
  const html = toHtml({ title: "t", columns, rows: [["m", 1, "text", 3, 4, 5]] });
  assertStringIncludes(
    html,
    '<thead><tr><th rowspan="2">method</th><th class="group" colspan="2">a on b</th>' +
      '<th rowspan="2" class="number">alone: z</th><th class="group" colspan="2">c</th></tr>' +
      '<tr><th class="number">x</th><th>y</th><th class="number">x</th>' +
      '<th class="number">y</th></tr></thead>',
  );
});

Deno.test("escapeHtml() escapes every sign that could end text or attribute", () => {
  assertEquals(
    escapeHtml(`<a href="b" c='d'>&`),
    "&lt;a href=&quot;b&quot; c=&#39;d&#39;&gt;&amp;",
  );
});
