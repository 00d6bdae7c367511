import { assertEquals, assertThrows } from "@std/assert";
import { tokenIds } from "../../../experiments/measure/token_ids.ts";
import { InputError } from "../../../lib/core/mod.ts";
import { withModel } from "../../eval/tiny_models.ts";

Deno.test("tokenIds() lets the whole vocabulary pass", () =>
  withModel("llama", (model) => {
    assertEquals(tokenIds([0, 511, 7], model, "x.json"), Int32Array.of(0, 511, 7));
    assertEquals(tokenIds([], model, "x.json"), new Int32Array());
  }));

for (const strange of [512, -1, 2 ** 32, -(2 ** 40)]) {
  Deno.test(`tokenIds() refuses ${strange}, which is outside the vocabulary`, () =>
    withModel("llama", (model) => {
      assertThrows(
        () => tokenIds([0, strange], model, "x.json"),
        InputError,
        `Cannot use x.json: token ids of llama are 0..511, got ${strange}`,
      );
    }));
}
