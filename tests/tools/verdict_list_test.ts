import { assertEquals, assertStringIncludes } from "@std/assert";
import { meaningOf, verdictLabel, verdictList } from "../../tools/verdict_list.ts";

Deno.test("meaningOf() knows the verdicts of tables and figures, and leaves others open", () => {
  assertEquals(["reproduced", "holds", "agrees"].map(meaningOf), ["agrees", "agrees", "agrees"]);
  assertEquals(meaningOf("explained by the scored subset"), "partly");
  assertEquals(["not reproduced", "does not hold"].map(meaningOf), ["disagrees", "disagrees"]);
  assertEquals(["beyond the paper", "not measured"].map(meaningOf), ["open", "open"]);
});

Deno.test("verdictLabel() tells verdicts apart by sign as well as by colour", () => {
  const labels = ["agrees", "agrees in part", "disagrees", "beyond the paper"].map(verdictLabel);
  assertEquals(labels[2], '<span class="verdict disagrees">✗ disagrees</span>');
  assertEquals(new Set(labels.map((label) => label.match(/>(.) /)![1])).size, 4);
});

Deno.test("verdictList() links each claim to its section and escapes what it is told", () => {
  const claim = { section: "table-1", where: "Table 1", verdict: "holds" };
  const html = verdictList([{ ...claim, claim: "a < b", evidence: "1 & 2" }]);
  assertStringIncludes(html, '<a href="#table-1">Table 1</a>');
  assertStringIncludes(html, "a &lt; b");
  assertStringIncludes(html, '<p class="quiet">1 &amp; 2</p>');
});
