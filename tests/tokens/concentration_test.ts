import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { attentionConcentration, meanMap } from "../../lib/tokens/mod.ts";

// deno-fmt-ignore
const probabilities = Float32Array.of(
  1,     0,    0,    0,
  0.5,   0.5,  0,    0,
  0.25,  0.25, 0.5,  0,
  0.125, 0,    0.25, 0.625,

  1,     0,    0,    0,
  0,     1,    0,    0,
  0.75,  0,    0.25, 0,
  0.375, 0.5,  0,    0.125,
);
const shape = { heads: 2, tokens: 4 };

Deno.test("attentionConcentration() averages over heads and queries beyond the distance", () => {
  const { start, local } = attentionConcentration(probabilities, shape, 2);
  assertAlmostEquals(start, (0.25 + 0.125 + 0.75 + 0.375) / 4);
  assertAlmostEquals(local, (0.75 + 0.875 + 0.25 + 0.125) / 4);
});

Deno.test("attentionConcentration() of equal attention is what it says of equal attention", () => {
  const tokens = 9;
  const equal = Float32Array.from({ length: 3 * tokens * tokens }, (_, i) => {
    const query = Math.floor(i / tokens) % tokens;
    return i % tokens <= query ? 1 / (query + 1) : 0;
  });
  for (const distance of [1, 4, 8]) {
    const { start, startIfUniform, local, localIfUniform } = attentionConcentration(
      equal,
      { heads: 3, tokens },
      distance,
    );
    assertAlmostEquals(start, startIfUniform, 1e-7);
    assertAlmostEquals(local, localIfUniform, 1e-7);
    assertAlmostEquals(local, distance * start, 1e-7);
  }
});

Deno.test("meanMap() averages over heads", () => {
  assertEquals(meanMap(probabilities, shape).slice(8, 12), Float32Array.of(0.5, 0.125, 0.375, 0));
});

Deno.test("attentionConcentration() refuses a distance beyond the window, and another shape", () => {
  for (const distance of [0, 4, 1.5]) {
    assertThrows(
      () => attentionConcentration(probabilities, shape, distance),
      InputError,
      `Cannot measure attention: distance must be 1..3, got ${distance}`,
    );
  }
  assertThrows(
    () => meanMap(probabilities, { heads: 1, tokens: 4 }),
    InputError,
    "Cannot score tokens: attention [1, 4, 4] must hold 16 values, got 32",
  );
});
