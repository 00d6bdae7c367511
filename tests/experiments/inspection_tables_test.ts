import { assertEquals } from "@std/assert";
import { channelTable, concentrationTable } from "../../experiments/inspection_tables.ts";
import { toText } from "../../lib/report/mod.ts";

Deno.test("concentrationTable() says how many times equal attention the shares are", () => {
  const full = { start: 0.5, startIfUniform: 0.125, local: 0.25, localIfUniform: 0.5 };
  const quantized = { ...full, start: 0.25 };
  assertEquals(
    toText(concentrationTable([{ layer: 3, full, quantized }], 16), 100),
    `Where attention goes

layer         first token, %  times equal attention  nearest 16 tokens, %  times equal attention
------------  --------------  ---------------------  --------------------  ---------------------
3                       50.0                    4.0                  25.0                    0.5
3, quantized            25.0                    2.0                  25.0                    0.5
`,
  );
});

Deno.test("channelTable() has a row per layer", () => {
  const layer = { layer: 0, spread: 2.5, spreadPruned: 2, outliers: 3, persistent: 1 };
  assertEquals(channelTable([layer]).rows, [
    ["0", { value: 2.5, digits: 2 }, { value: 2, digits: 2 }, 3, 1],
  ]);
});
