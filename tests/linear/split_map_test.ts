import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  byteMap,
  firstRows,
  requireLower,
  splitMap,
  splitRows,
  takeRows,
} from "../../lib/linear/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { activationGrids, bias, columns, fourBitWeights, rows, x } from "./integer_operands.ts";

Deno.test("splitRows() gives rows in their order, each from its own map", () => {
  tidy(() => {
    const value = tf.tensor2d([[1, 2], [3, 4], [5, 6], [7, 8]]);
    const mapped = splitRows(
      value,
      Int32Array.of(1, 2),
      (rows) => tf.mul(rows, -1),
      (rows) => tf.mul(rows, 10),
    );
    assertEquals([...tensorData(mapped)], [10, 20, -3, -4, -5, -6, 70, 80]);
    const untouched = splitRows(value, new Int32Array(), () => tf.zeros([0, 2]), (x) => x);
    assertStrictEquals(untouched, value);
  });
});

Deno.test("splitRows() may choose any rows, all too", () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), (flags) => {
      tidy(() => {
        const value = tf.tensor2d(flags.map((_, row) => row + 1), [flags.length, 1]);
        const chosen = Int32Array.from([...flags.keys()].filter((row) => flags[row]));
        const mapped = splitRows(value, chosen, (rows) => tf.neg(rows), (rows) => rows);
        const expected = flags.map((flag, row) => flag ? -row - 1 : row + 1);
        assertEquals([...tensorData(mapped)], expected);
      });
    }),
  );
});

Deno.test("splitRows() gives the same where it takes few rows out of many", () => {
  const places = fc.uniqueArray(fc.nat({ max: 47 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(places, (few) => {
      tidy(() => {
        const value = tf.tensor2d(Array.from({ length: 96 }, (_, i) => i + 1), [48, 2]);
        const chosen = Int32Array.from(few).sort();
        let seen = 0;
        const mapped = splitRows(value, chosen, (rows) => tf.neg(rows), (rows) => {
          seen = rows.shape[0];
          return tf.mul(rows, 10);
        });
        assertEquals(seen, 48);
        const expected = [...tensorData(value)].map((each, i) =>
          few.includes(Math.floor(i / 2)) ? -each : 10 * each
        );
        assertEquals([...tensorData(mapped)], expected);
      });
    }),
  );
});

Deno.test("takeRows() takes rows in the order of their indices", () => {
  tidy(() => {
    const value = tf.tensor2d([[1, 2], [3, 4], [5, 6]]);
    const taken = takeRows(value, Int32Array.of(2, 0, 2));
    assertEquals([taken.shape, [...tensorData(taken)]], [[3, 2], [5, 6, 1, 2, 5, 6]]);
  });
});

Deno.test("splitMap() computes each row as the map of its bits does, bit for bit", () => {
  const before = tf.memory().numTensors;
  {
    const weight = fourBitWeights["4 bits in groups"];
    const [fewer, more] = [4, 8].map((bits) => activationGrids(bits)["TRIP, K = 3"]);
    const [least, others] = [byteMap(weight, fewer, bias), byteMap(weight, more, bias)];
    using map = splitMap(least, others, requireLower);
    assertEquals(map.byteLength, least.byteLength + others.byteLength);
    const lower = Int32Array.of(0, 3, 4, 11);
    tidy(() => {
      const value = tf.tensor2d(x, [21, columns]);
      for (const activation of ["linear", "relu"] as const) {
        const mapped = tensorData(map.apply(value, { activation, lower }));
        const [four, eight] = [least, others].map((each) =>
          tensorData(each.apply(value, { activation }))
        );
        const expected = mapped.map((_, i) =>
          (lower.includes(Math.floor(i / rows)) ? four : eight)[i]
        );
        assertEquals(mapped, expected);
        assertEquals(tensorData(map.apply(value, { activation, lower: new Int32Array() })), eight);
      }
    });
  }
  assertEquals(tf.memory().numTensors, before);
});

Deno.test("firstRows() are what is told, or none", () => {
  const first = Int32Array.of(0, 4);
  assertStrictEquals(firstRows({ first, lower: Int32Array.of(1) }), first);
  assertEquals(firstRows({}), new Int32Array());
});

Deno.test("requireLower() refuses rows that nobody chose, as splitMap() does", () => {
  const lower = Int32Array.of(1);
  assertStrictEquals(requireLower({ lower }), lower);
  const message =
    "Cannot quantize tokens by importance: the forward pass must score them, without a cache";
  assertThrows(() => requireLower({}), InputError, message);
  const weight = fourBitWeights["4 bits per row"];
  const grid = activationGrids(8)["one range"];
  using map = splitMap(byteMap(weight, grid), byteMap(weight, grid), requireLower);
  tidy(() => {
    const value = tf.tensor2d(x, [21, columns]);
    assertThrows(() => map.apply(value), InputError, message);
  });
});
