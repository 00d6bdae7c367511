import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { firstKeysSeen } from "../../../lib/tensor/ops/sliding_window.ts";

Deno.test("firstKeysSeen() is the first key whose position is near enough", () => {
  const cases = fc.record({
    gaps: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 30 }),
    past: fc.nat(20),
    slidingWindow: fc.integer({ min: 1, max: 40 }),
  });
  fc.assert(fc.property(cases, ({ gaps, past, slidingWindow }) => {
    let position = 0;
    const keyPositions = gaps.map((gap) => position += gap);
    const keys = keyPositions.length;
    const queries = keys - Math.min(past, keys - 1);
    const expected = keyPositions.slice(keys - queries).map((own) =>
      keyPositions.findIndex((each) => own - each < slidingWindow)
    );
    const actual = firstKeysSeen(queries, keys, { slidingWindow, keyPositions });
    assertEquals([...actual ?? expected.map(() => 0)], expected);
  }));
});

Deno.test("firstKeysSeen() counts keys where they have no positions, and is nothing where all are seen", () => {
  assertEquals(firstKeysSeen(4, 6, { slidingWindow: 3 }), Int32Array.of(0, 1, 2, 3));
  assertEquals(firstKeysSeen(2, 6, { slidingWindow: 1 }), Int32Array.of(4, 5));
  assertEquals(firstKeysSeen(4, 6, { slidingWindow: 6 }), undefined);
  assertEquals(firstKeysSeen(4, 6, {}), undefined);
});
