import { assertEquals } from "@std/assert";
import { decodeJson } from "../../lib/core/mod.ts";
import { toJson } from "../../lib/report/mod.ts";
import { example } from "./example_table.ts";

Deno.test("toJson() is read back as it was, infinities included", () => {
  assertEquals(decodeJson(toJson(example)), example);
});

Deno.test("toJson() writes one row per line", () => {
  assertEquals(
    toJson({
      title: "t",
      columns: ["a", "b"],
      rows: [[1, null], ["x", { value: NaN, digits: 2 }]],
    }),
    `{
  "title": "t",
  "columns": ["a","b"],
  "rows": [
    [1,null],
    ["x",{"value":"NaN","digits":2}]
  ],
  "notes": []
}
`,
  );
});
