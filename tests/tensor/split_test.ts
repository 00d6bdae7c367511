import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { split } from "../../lib/tensor/split.ts";

Deno.test("split() gives equal parts of whole grains, but for a smaller last one", () => {
  assertEquals(split(10, 1, 4), [[0, 3], [3, 3], [6, 3], [9, 1]]);
  assertEquals(split(100, 64, 4), [[0, 64], [64, 36]]);
  assertEquals(split(5, 64, 4), [[0, 5]]);
  assertEquals(split(0, 64, 4), []);
});

Deno.test("split() covers everything once, in parts of whole grains, and not too many", () => {
  const sizes = fc.tuple(
    fc.nat(5000),
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: 20 }),
  );
  fc.assert(
    fc.property(sizes, ([count, grain, most]) => {
      const parts = split(count, grain, most);
      assert(parts.length <= most);
      assertEquals(parts.reduce((sum, [, size]) => sum + size, 0), count);
      let next = 0;
      for (const [first, size] of parts) {
        assertEquals(first, next);
        next += size;
        assert(size > 0 && (next === count || size % grain === 0));
      }
    }),
    { seed: 2 },
  );
});
