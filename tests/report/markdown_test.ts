import { assertEquals } from "@std/assert";
import { toMarkdown } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toMarkdown() aligns columns and escapes signs with a meaning", () => {
  assertEquals(
    toMarkdown(example),
    `### Perplexity of a\\_b \\& c

| method       | bits |                  PPL | order\\|sign |   C4 |
| ------------ | ---: | -------------------: | ----------- | ---: |
| FP16         |   16 |                 5.68 | yes         |      |
| GPTQ, "g128" |    4 | 12.34 [11.90, 12.80] |             |    ∞ |
| [x]          |    4 | 1.20e+7 [1.10e+7, ∞] | \\< no>      | -0.5 |

- Windows of 2048 tokens, 95 % intervals.
- Cost: $0 \\~ {none}.
`,
  );
});

Deno.test("toMarkdown() escapes emphasis, code and the escape sign itself", () => {
  const title = "*a* `b` \\ _c_";
  assertEquals(
    toMarkdown({ title, columns: ["x"], rows: [] }),
    "### \\*a\\* \\`b\\` \\\\ \\_c\\_\n\n|   x |\n| --: |\n",
  );
});
