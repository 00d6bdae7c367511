import { assertAlmostEquals, assertEquals } from "@std/assert";
import { lineLength, pointAt } from "../../../lib/report/svg/straight_path.ts";

const path = (d: string) => ({ getAttribute: () => d });

Deno.test("lineLength() and pointAt() measure along the line", () => {
  const line = path("M10,20L13.5,-1e1");
  assertAlmostEquals(lineLength(line), Math.hypot(3.5, 30));
  assertEquals(pointAt(line, 0), { x: 10, y: 20 });
  const middle = pointAt(line, lineLength(line) / 2);
  assertAlmostEquals(middle.x, 11.75);
  assertAlmostEquals(middle.y, 5);
});

Deno.test("pointAt() of a point is the point", () => {
  assertEquals(pointAt(path("M1,2L1,2"), 0), { x: 1, y: 2 });
});
