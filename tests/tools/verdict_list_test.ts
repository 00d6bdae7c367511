import { assertEquals, assertStringIncludes } from "@std/assert";
import { verdicts } from "../../lib/core/mod.ts";
import { verdictLabel, verdictList } from "../../tools/verdict_list.ts";

Deno.test("verdictLabel() tells verdicts apart by sign as well as by colour", () => {
  const labels = verdicts.map(verdictLabel);
  assertEquals(labels[1], '<span class="verdict contradicted">✗ contradicted</span>');
  assertEquals(new Set(labels.map((label) => label.match(/>(.) /)![1])).size, 5);
});

Deno.test("verdictLabel() shows a word of a former version as it is", () => {
  assertEquals(verdictLabel("agrees <b>"), '<span class="verdict">agrees &lt;b&gt;</span>');
});

Deno.test("verdictList() links each claim to its section and escapes what it is told", () => {
  const claim = { where: "Table 1", claim: "a < b", verdict: "undecided", evidence: "1 & 2" };
  const html = verdictList([claim, { ...claim, against: "<opt>" }]);
  assertStringIncludes(html, '<a href="#table-1">Table 1</a>');
  assertStringIncludes(html, "? undecided</span> a &lt; b");
  assertStringIncludes(html, "? undecided</span> &lt;opt&gt;: a &lt; b");
  assertStringIncludes(html, '<p class="quiet">1 &amp; 2</p>');
});
