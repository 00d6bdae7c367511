import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { pruneTokens } from "../../lib/model/prune.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import "./tiny_models.ts";

/** Five tokens of two channels, of which two left before. */
const state = () => ({
  hidden: tf.tensor2d([0, 1, 10, 11, 20, 21, 30, 31, 40, 41], [5, 2]),
  positions: Int32Array.of(0, 2, 3, 5, 6),
  batch: 1,
});
const scores = Float32Array.of(0, 0.1, 0.4, 0.2, 0.3);

Deno.test("pruneTokens() parts the tokens of lowest score from those that stay", () => {
  tidy(() => {
    const { state: left, exit } = pruneTokens(state(), scores, 0.4, 3);
    // Two of five leave; the first token stays whatever its score.
    assertEquals([...tensorData(left.hidden)], [0, 1, 20, 21, 40, 41]);
    assertEquals(left.positions, Int32Array.of(0, 3, 6));
    assertEquals([left.batch, left.lower], [1, undefined]);
    assertEquals([...tensorData(exit.hidden)], [10, 11, 30, 31]);
    assertEquals(exit.positions, Int32Array.of(2, 5));
    assertEquals(exit.layer, 3);
  });
});

Deno.test("pruneTokens() knows the rows of tokens in fewer bits by their new places", () => {
  tidy(() => {
    const lower = Int32Array.of(2, 4);
    const { state: left } = pruneTokens({ ...state(), lower }, scores, 0.4, 0);
    assertEquals(left.lower, Int32Array.of(1, 2));
  });
});

Deno.test("pruneTokens() refuses a ratio out of range and scores that are no numbers", () => {
  tidy(() => {
    assertThrows(() => pruneTokens(state(), scores, 1, 0), InputError, "must lie in [0, 1), got 1");
    const strange = Float32Array.of(0, 0.1, NaN, 0.2, 0.3);
    assertThrows(() => pruneTokens(state(), strange, 0.4, 0), InputError, "NaN");
  });
});
