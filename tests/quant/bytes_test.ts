import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  byteQuantizer,
  observeRange,
  quantizeUniform,
  searchTrip,
  uniformParams,
} from "../../lib/quant/mod.ts";

const channels = 6;
const order = Int32Array.of(4, 1, -1, 5, 0, 2, 3, -1);

Deno.test("byteQuantizer() writes the codes of quantizeUniform() in the order given", () => {
  const values = fc.float32Array({ minLength: 24, maxLength: 24, noNaN: true, min: -9, max: 9 });
  fc.assert(fc.property(values, values, fc.constantFrom("trip", "tensor", "channel", "head"), (
    seen,
    x,
    kind,
  ) => {
    for (const profile of ["paper", "released"] as const) {
      for (const signed of [false, true]) {
        const format = { bits: 8, profile, signed };
        const params = kind === "trip"
          ? searchTrip(seen, { channels, K: 3, ...format })
          : uniformParams(
            kind === "head"
              ? observeRange(seen, { channels: 2, inner: 3, granularity: "channel" })
              : observeRange(seen, { channels, granularity: kind as "tensor" | "channel" }),
            format,
          );
        const { codes } = quantizeUniform(x, params);
        const out = new Uint8Array(4 * order.length).fill(7);
        byteQuantizer(params, channels, order, "x")(x, out);
        const expected = out.map((_, at) => {
          const column = order[at % order.length];
          const row = Math.floor(at / order.length) * channels;
          return column < 0 ? 0 : codes[row + column] - params.codeMin;
        });
        assertEquals(out, expected);
      }
    }
  }));
});

Deno.test("byteQuantizer() refuses what is not finite or no whole number of rows", () => {
  const params = uniformParams(
    { min: Float32Array.of(-1), max: Float32Array.of(1), inner: 1 },
    { bits: 8 },
  );
  const quantize = byteQuantizer(params, channels, order, "attn.input");
  const out = new Uint8Array(8);
  assertThrows(
    () => quantize(Float32Array.of(0, 0, Infinity, 0, 0, 0), out),
    InputError,
    "Cannot quantize attn.input: element 2 must be finite, got Infinity",
  );
  assertThrows(
    () => quantize(new Float32Array(7), out),
    InputError,
    "Cannot quantize attn.input: its length must be a multiple of 6 channels x 1 elements, got 7",
  );
});
