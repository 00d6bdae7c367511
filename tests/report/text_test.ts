import { assert, assertEquals } from "@std/assert";
import { toMarkdown, toText } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toText() aligns text left and figures right", () => {
  assertEquals(
    toText(example),
    `Perplexity of a_b & c

method        bits                   PPL  order|sign    C4
------------  ----  --------------------  ----------  ----
FP16            16                  5.68  yes
GPTQ, "g128"     4  12.34 [11.90, 12.80]                 ∞
[x]              4  1.20e+7 [1.10e+7, ∞]  < no>       -0.5

Windows of 2048 tokens, 95 % intervals.

Cost: $0 ~ {none}.
`,
  );
});

Deno.test("toText() prints a wide table in parts and wraps its notes", () => {
  assertEquals(
    toText(example, 40),
    `Perplexity of a_b & c

method        bits                   PPL
------------  ----  --------------------
FP16            16                  5.68
GPTQ, "g128"     4  12.34 [11.90, 12.80]
[x]              4  1.20e+7 [1.10e+7, ∞]

method        order|sign    C4
------------  ----------  ----
FP16          yes
GPTQ, "g128"                 ∞
[x]           < no>       -0.5

Windows of 2048 tokens, 95 % intervals.

Cost: $0 ~ {none}.
`,
  );
});

Deno.test("toText() puts one column beside the first when nothing fits", () => {
  const heads = toText(example, 1).split("\n").filter((line) => line.startsWith("method"));
  assertEquals(heads.map((line) => line.split(/\s+/).slice(1)), [
    ["bits"],
    ["PPL"],
    ["order|sign"],
    ["C4"],
  ]);
});

Deno.test("toText() keeps lines within the width where the columns allow", () => {
  for (const width of [36, 50, 70]) {
    for (const line of toText(example, width).split("\n")) {
      assert([...line].length <= width, `${line} is wider than ${width}`);
    }
  }
});

Deno.test("toText() breaks a heading that is longer than its cells where the table is too wide", () => {
  const columns = ["method", "tiny on a test text: perplexity (survivors)"];
  const rows = [["FP16", { value: 12.345, low: 11.2, high: 13.1, digits: 3 }]];
  assertEquals(
    toText({ title: "t", columns, rows }, 40),
    `t

           tiny on a test text:
method   perplexity (survivors)
------  -----------------------
FP16    12.345 [11.200, 13.100]
`,
  );
});

Deno.test("toText() shows an undefined figure as NaN and minus infinity with its sign", () => {
  const rows = [[{ value: NaN, digits: 1 }], [-Infinity]];
  assertEquals(toText({ title: "t", columns: ["x"], rows }), "t\n\n  x\n---\nNaN\n -∞\n");
});

Deno.test("toText() and toMarkdown() take more rows than one call has arguments", () => {
  const rows = Array.from({ length: 300_000 }, () => ["a", 1]);
  const table = { ...example, columns: ["x", "y"], rows };
  assert(toText(table).length > 300_000);
  assert(toMarkdown(table).length > 300_000);
});
