import { assertEquals } from "@std/assert";
import { channelTable, concentrationTable } from "../../experiments/inspection_tables.ts";
import { toText } from "../../lib/report/mod.ts";

Deno.test("concentrationTable() says how many times equal attention the shares are", () => {
  const full = {
    ...{ start: 0.5, startIfUniform: 0.125, local: 0.25, localIfUniform: 0.5 },
    ...{ stripe: { value: 4, low: 3.5, high: 4.5 }, diagonal: { value: 0.5 } },
  };
  const quantized = { ...full, start: 0.25, stripe: { value: 2 } };
  assertEquals(
    toText(concentrationTable([{ layer: 3, full, quantized }], 16), 100),
    `Where attention goes

layer         first token, %  times equal attention  nearest 16 tokens, %  times equal attention
------------  --------------  ---------------------  --------------------  ---------------------
3                       50.0      4.00 [3.50, 4.50]                  25.0                   0.50
3, quantized            25.0                   2.00                  25.0                   0.50
`,
  );
});

Deno.test("channelTable() has a row per layer", () => {
  const layer = {
    ...{ layer: 0, outliers: 3, persistent: 1, persistence: { value: 0.6 } },
    ...{ spread: { value: 2.5 }, spreadPruned: { value: 2, low: 1, high: 3 } },
    pruningEffect: { value: 0.8 },
  };
  assertEquals(channelTable([layer]).rows, [
    ["0", { value: 2.5, digits: 2 }, { value: 2, low: 1, high: 3, digits: 2 }, 3, 1],
  ]);
});
