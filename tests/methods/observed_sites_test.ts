import { assertEquals } from "@std/assert";
import { looksAtValues, observedSites } from "../../lib/methods/observed_sites.ts";

Deno.test("observedSites() tells gradients from what windows give in a block", () => {
  const observes = { "attn.input": "gram", "mlp.input": "fisher", "attn.q": "range" } as const;
  assertEquals(observedSites({ observes }), {
    values: [["attn.input", "gram"], ["attn.q", "range"]],
    fisher: ["mlp.input"],
  });
  assertEquals(observedSites({}), { values: [], fisher: [] });
});

Deno.test("looksAtValues() is no where gradients alone are asked for", () => {
  assertEquals(looksAtValues({ observes: { "attn.input": "gram" } }), true);
  assertEquals(looksAtValues({ observes: { "attn.input": "fisher" } }), false);
  assertEquals(looksAtValues({}), false);
});
