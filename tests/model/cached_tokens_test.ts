import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { noTokens } from "../../lib/model/cached_tokens.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";

const row = { channels: 6, headDim: 3, name: "cached keys of layer 2" };
const rows = (values: Float32Array) => tf.tensor2d(values, [values.length / 6, 6]);

Deno.test("CachedTokens of float32 return what was appended, bit for bit", () => {
  tidy(() => {
    const values = randomFloats(60, 1);
    const cached = noTokens(row, "float32").append(rows(values.slice(0, 42)))
      .append(rows(values.slice(42)));
    assertEquals(cached.read().shape, [10, 6]);
    assertEquals(tensorData(cached.read()), values);
  });
});

Deno.test("CachedTokens of int8 err by half a step of their token and head", () => {
  tidy(() => {
    const values = randomFloats(60, 2).map((value, i) => value * 10 ** (i % 7));
    const cached = noTokens(row, "int8").append(rows(values.slice(0, 6)))
      .append(rows(values.slice(6)));
    const read = tensorData(cached.read());
    for (let head = 0; head < 60; head += 3) {
      const largest = Math.max(...values.subarray(head, head + 3).map(Math.abs));
      for (let i = head; i < head + 3; i++) {
        // The largest positive number lies half a step above the highest code, 127.
        assert(Math.abs(read[i] - values[i]) <= largest / 127.5 / 2 * (1 + 1e-4), `element ${i}`);
      }
    }
  });
});

Deno.test("CachedTokens of int8 keep zeros", () => {
  tidy(() => {
    const cached = noTokens(row, "int8").append(rows(new Float32Array(12)));
    assertEquals(tensorData(cached.read()), new Float32Array(12));
  });
});

Deno.test("CachedTokens of int8 refuse what is not finite", () => {
  assertThrows(
    () => tidy(() => noTokens(row, "int8").append(rows(Float32Array.of(0, 1, 2, 3, NaN, 5)))),
    InputError,
    "Cannot quantize cached keys of layer 2: element 4 must be finite, got NaN",
  );
});
