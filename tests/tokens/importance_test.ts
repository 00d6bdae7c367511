import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  conventionalImportance,
  randomImportance,
  startTokenImportance,
} from "../../lib/tokens/mod.ts";

const shape = { heads: 2, tokens: 3 };
// deno-fmt-ignore
const probabilities = Float32Array.of(
  1,     0,    0,
  0.5,   0.5,  0,
  0.25,  0.25, 0.5,

  1,     0,    0,
  0.25,  0.75, 0,
  0.125, 0.25, 0.625,
);

Deno.test("startTokenImportance() sums the attention paid to the first token", () => {
  assertEquals(startTokenImportance(probabilities, shape), Float32Array.of(2, 0.75, 0.375));
});

Deno.test("conventionalImportance() averages the attention received from later rows", () => {
  assertEquals(
    conventionalImportance(probabilities, shape),
    Float32Array.of(3.125 / 3, 1.75 / 2, 1.125),
  );
});

Deno.test("randomImportance() gives the same draw again, and other draws other scores", () => {
  const draw = { seed: 3, layer: 1, window: 2 };
  const scores = randomImportance(50, draw);
  assertEquals(randomImportance(50, { ...draw }), scores);
  assert(scores.every((score) => score >= 0 && score < 1));
  for (const other of [{ seed: 4 }, { layer: 2 }, { window: 3 }, { layer: 2, window: 1 }]) {
    assertNotEquals(randomImportance(50, { ...draw, ...other }), scores);
  }
});

for (const importance of [startTokenImportance, conventionalImportance]) {
  Deno.test(`${importance.name}() of parts of the heads adds up`, () => {
    const tokens = 7;
    const random = seededRandom(5);
    const attention = Float32Array.from({ length: 6 * tokens * tokens }, random.uniform);
    const part = (from: number, heads: number) =>
      importance(
        attention.subarray(from * tokens * tokens, (from + heads) * tokens * tokens),
        { heads, tokens },
      );
    const first = part(0, 2);
    const second = part(2, 4);
    part(0, 6).forEach((score, index) =>
      assertAlmostEquals(score, first[index] + second[index], 1e-6)
    );
  });

  Deno.test(`${importance.name}() refuses an attention map of another shape`, () => {
    assertThrows(
      () => importance(probabilities, { heads: 2, tokens: 4 }),
      InputError,
      "Cannot score tokens: attention [2, 4, 4] must hold 32 values, got 18",
    );
  });
}

Deno.test("startTokenImportance() puts the first token of causal attention on top", () => {
  const scores = startTokenImportance(probabilities, shape);
  assertEquals(scores[0], shape.heads);
  assert(scores.every((score) => score <= shape.heads));
});
