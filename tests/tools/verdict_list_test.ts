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
  const claim = { section: "table-1", where: "Table 1", verdict: "undecided" };
  const html = verdictList([{ ...claim, claim: "a < b", evidence: "1 & 2" }]);
  assertStringIncludes(html, '<a href="#table-1">Table 1</a>');
  assertStringIncludes(html, "a &lt; b");
  assertStringIncludes(html, '<p class="quiet">1 &amp; 2</p>');
});
