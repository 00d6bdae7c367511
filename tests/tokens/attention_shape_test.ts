import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { counted, InputError } from "../../lib/core/mod.ts";
import { requireAttention } from "../../lib/tokens/attention_shape.ts";

Deno.test("requireAttention() lets maps pass that have as many values as their shape says", () => {
  const size = fc.nat(12);
  fc.assert(fc.property(size, size, fc.integer({ min: 1, max: 5 }), (heads, tokens, surplus) => {
    const values = heads * tokens * tokens;
    requireAttention(new Float32Array(values), { heads, tokens });
    assertThrows(
      () => requireAttention(new Float32Array(values + surplus), { heads, tokens }),
      InputError,
      `Cannot score tokens: attention [${heads}, ${tokens}, ${tokens}] must hold ` +
        `${counted(values, "value")}, ` +
        `got ${values + surplus}`,
    );
  }));
});

Deno.test("requireAttention() refuses maps that are not square, as of a cache", () => {
  assertThrows(
    () => requireAttention(new Float32Array(2 * 1 * 3), { heads: 2, tokens: 3 }),
    InputError,
    "Cannot score tokens: attention [2, 3, 3] must hold 18 values, got 6",
  );
});
