import { assert, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import type { CachedTokens } from "../../lib/model/cached_tokens.ts";
import { type GroupedPrecision, groupedTokens } from "../../lib/model/grouped_tokens.ts";
import { dequantizeFromMinimum, quantizeFromMinimum } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { randomFloats } from "../tensor/compare.ts";

const channels = 8;
const row = { channels, headDim: 4, name: "cached keys of layer 2" };
const precision = { bits: 2, groupSize: 4, residual: 8 };

const rowsOf = (values: Float32Array, first: number, end: number) =>
  tf.tensor2d(values.slice(first * channels, end * channels), [end - first, channels]);

/** Token by token. */
function filled(along: "tokens" | "channels", values: Float32Array): CachedTokens {
  let tokens = groupedTokens(row, precision, along);
  for (let token = 0; token < values.length / channels; token++) {
    tokens = tokens.append(rowsOf(values, token, token + 1));
  }
  return tokens;
}

/** Tokens that are read as they were appended. */
function exact(read: Float32Array, values: Float32Array): number[] {
  return Array.from({ length: values.length / channels }, (_, token) => token).filter((token) => {
    const [start, end] = [token * channels, (token + 1) * channels];
    return values.subarray(start, end).every((value, i) => value === read[start + i]);
  });
}

const range = (first: number, end: number) =>
  Array.from({ length: end - first }, (_, i) => first + i);

Deno.test("groupedTokens() of keys become codes so many at once, as the residual has", () =>
  tidy(() => {
    for (const [count, settled] of [[7, 0], [8, 0], [9, 8], [16, 8], [17, 16], [23, 16]]) {
      const values = randomFloats(count * channels, 1);
      const read = tensorData(filled("tokens", values).read());
      assertEquals(exact(read as Float32Array, values), range(settled, count), `${count} tokens`);
    }
  }));

Deno.test("groupedTokens() of values become codes one by one behind the residual", () =>
  tidy(() => {
    for (const [count, settled] of [[8, 0], [9, 0], [10, 1], [23, 14]]) {
      const values = randomFloats(count * channels, 2);
      const read = tensorData(filled("channels", values).read());
      assertEquals(exact(read as Float32Array, values), range(settled, count), `${count} tokens`);
    }
  }));

Deno.test("groupedTokens() that are appended together see each other as they are", () =>
  tidy(() => {
    const values = randomFloats(21 * channels, 3);
    for (const along of ["tokens", "channels"] as const) {
      const prompt = groupedTokens(row, precision, along).append(rowsOf(values, 0, 20));
      assertEquals(tensorData(prompt.read()), values.slice(0, 20 * channels));
      const next = prompt.append(rowsOf(values, 20, 21));
      const settled = along === "tokens" ? 16 : 12;
      assertEquals(exact(tensorData(next.read()) as Float32Array, values), range(settled, 21));
      assertEquals(tensorData(prompt.read()), values.slice(0, 20 * channels), "it is a value");
    }
  }));

Deno.test("groupedTokens() read what codes in groups of tokens, or of channels, stand for", () =>
  tidy(() => {
    const values = randomFloats(10 * channels, 4);
    const keys = tensorData(filled("tokens", values).read());
    for (let channel = 0; channel < channels; channel++) {
      for (const first of [0, 4]) {
        const at = (i: number) => (first + i) * channels + channel;
        const group = Float32Array.from({ length: 4 }, (_, i) => values[at(i)]);
        const expected = dequantizeFromMinimum(quantizeFromMinimum(group, 4, 2, "F16"), "F16");
        assertEquals(Float32Array.from({ length: 4 }, (_, i) => keys[at(i)]), expected);
      }
    }
    const read = tensorData(filled("channels", values).read()).slice(0, channels);
    const token = quantizeFromMinimum(values.slice(0, channels), 4, 2, "F16");
    assertEquals(read, dequantizeFromMinimum(token, "F16"));
  }));

Deno.test("groupedTokens() take bits and 32 / group size for a number, as the authors count", () =>
  tidy(() => {
    const wide = { channels: 64, headDim: 32, name: "cached keys of layer 0" };
    for (const along of ["tokens", "channels"] as const) {
      for (const bits of [2, 4]) {
        const empty = groupedTokens(wide, { bits, groupSize: 32, residual: 32 }, along);
        const numbers = 128 * 64;
        const first = empty.append(tf.tensor2d(randomFloats(numbers, 5), [128, 64]));
        assertEquals(first.byteLength, 4 * numbers);
        const kept = first.append(tf.zeros([0, 64]));
        const settled = along === "tokens" ? numbers : numbers - 32 * 64;
        const left = 4 * (numbers - settled);
        assertEquals(8 * (kept.byteLength - left) / settled, bits + 32 / 32);
      }
    }
  }));

for (
  const [changes, message] of [
    [{ bits: 1 }, "bits must be an integer in 2..8, got 1"],
    [{ groupSize: 3 }, "groups must divide the 4 channels of a head, got 3"],
    [{ groupSize: 0 }, "groups must divide the 4 channels of a head, got 0"],
    [{ residual: 6 }, "the residual must be a multiple of 4, got 6"],
    [{ residual: 0 }, "the residual must be a multiple of 4, got 0"],
  ] as [Partial<GroupedPrecision>, string][]
) {
  Deno.test(`groupedTokens() refuses ${JSON.stringify(changes)}`, () => {
    assertThrows(
      () => groupedTokens(row, { ...precision, ...changes }, "tokens"),
      InputError,
      `Cannot quantize cached keys of layer 2: ${message}`,
    );
  });
}

Deno.test("groupedTokens() refuse what is not finite once it becomes a code", () =>
  tidy(() => {
    const values = randomFloats(9 * channels, 6);
    values[3] = NaN;
    assert(tensorData(filled("tokens", values.slice(0, 64)).read())[3] !== 0);
    assertThrows(
      () => filled("tokens", values),
      InputError,
      "Cannot quantize cached keys of layer 2: element 24 must be finite, got NaN",
    );
  }));
