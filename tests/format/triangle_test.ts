import { assertEquals } from "@std/assert";
import { triangleLength, triangleOf, triangleRow, triangleSize } from "../../lib/format/mod.ts";

Deno.test("triangleOf() takes the rows of a square from the diagonal on", () => {
  const square = Float32Array.of(1, 2, 3, 0, 4, 5, 0, 0, 6);
  assertEquals(triangleOf(square), Float32Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(square.length, 9);
  assertEquals(triangleOf(Float64Array.of(7)), Float64Array.of(7));
});

Deno.test("triangleRow() says where the elements of a square lie in its triangle", () => {
  for (const size of [1, 2, 5, 8]) {
    const triangle = triangleOf(Float64Array.from({ length: size ** 2 }, (_, i) => i));
    for (let row = 0; row < size; row++) {
      for (let column = row; column < size; column++) {
        assertEquals(triangle[triangleRow(row, size) + column], row * size + column);
      }
    }
  }
});

Deno.test("triangleLength() and triangleSize() say how rows and elements go together", () => {
  assertEquals([1, 2, 3, 11008].map(triangleLength), [1, 3, 6, 60593536]);
  assertEquals([1, 3, 6, 60593536].map(triangleSize), [1, 2, 3, 11008]);
  assertEquals(Number.isInteger(triangleSize(5)), false);
});
