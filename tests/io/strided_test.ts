import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { gatherStrided, isRowByRow, stridedSpan } from "../../lib/io/strided.ts";

Deno.test("gatherStrided() gives data back that lies row by row already", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  assertStrictEquals(gatherStrided(data, [2, 3], [3, 1]), data);
  assertStrictEquals(gatherStrided(data, [1, 6], [99, 1]), data);
  const one = Float32Array.of(7);
  assertStrictEquals(gatherStrided(one, [], []), one);
  const none = new Float32Array();
  assertStrictEquals(gatherStrided(none, [3, 0], [5, 5]), none);
});

Deno.test("gatherStrided() transposes, skips and repeats", () => {
  const data = Uint16Array.of(1, 2, 3, 4, 5, 6);
  assertEquals(gatherStrided(data, [3, 2], [1, 3]), Uint16Array.of(1, 4, 2, 5, 3, 6));
  assertEquals(gatherStrided(data, [2, 2], [4, 1]), Uint16Array.of(1, 2, 5, 6));
  assertEquals(gatherStrided(data, [3], [2]), Uint16Array.of(1, 3, 5));
  assertEquals(gatherStrided(data, [2, 3], [0, 1]), Uint16Array.of(1, 2, 3, 1, 2, 3));
  assertEquals(gatherStrided(data, [2, 2], [0, 0]), Uint16Array.of(1, 1, 1, 1));
});

Deno.test("isRowByRow() asks for elements without gaps, and not for strides that do not matter", () => {
  assertEquals(isRowByRow([2, 1, 3], [3, 99, 1]), true);
  assertEquals(isRowByRow([2, 3], [4, 1]), false);
  assertEquals(isRowByRow([3, 2], [1, 3]), false);
  assertEquals(isRowByRow([2], [0]), false);
});

Deno.test("stridedSpan() reaches up to the last element", () => {
  assertEquals(stridedSpan([], []), 1);
  assertEquals(stridedSpan([2, 3], [10, 2]), 15);
  assertEquals(stridedSpan([2, 0], [10, 2]), 0);
  assertEquals(stridedSpan([1000, 1000], [0, 0]), 1);
});

const axes = fc.array(fc.record({ size: fc.nat(4), stride: fc.nat(5) }), { maxLength: 4 });

Deno.test("gatherStrided() equals one index after the other", () => {
  fc.assert(fc.property(axes, (list) => {
    const [shape, stride] = [list.map(({ size }) => size), list.map(({ stride }) => stride)];
    const data = Int32Array.from({ length: stridedSpan(shape, stride) }, (_, i) => i);
    let expected = [0];
    for (const { size, stride } of list) {
      expected = expected.flatMap((from) =>
        Array.from({ length: size }, (_, i) => from + i * stride)
      );
    }
    assertEquals(gatherStrided(data, shape, stride), Int32Array.from(expected));
  }));
});
