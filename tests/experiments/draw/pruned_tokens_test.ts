import { assertEquals } from "@std/assert";
import { prunedTokens } from "../../../experiments/draw/pruned_tokens.ts";

Deno.test("prunedTokens() says how many tokens go, and in which layers", () => {
  assertEquals(prunedTokens({ beta: 0.3, layers: [0] }), "30 % of the tokens in layer 0");
  assertEquals(
    prunedTokens({ beta: 0.075, layers: [-2, -1] }),
    "7.5 % of the tokens by layers -2, -1",
  );
});
