import { assertEquals } from "@std/assert";
import { gridSteps, type UniformGrid } from "../../lib/format/mod.ts";

const grid: UniformGrid = {
  ...{ bits: 4, codeMin: -8, codeMax: 7, inner: 1 },
  profile: "paper",
  scale: Float32Array.of(0.5, 2),
  zeroPoint: Int32Array.of(-3, 7),
};

Deno.test("gridSteps() counts from zero in profile paper", () => {
  assertEquals(gridSteps(grid), {
    scale: grid.scale,
    shift: Float32Array.of(0, 0),
    low: Float32Array.of(-5, -15),
    high: Float32Array.of(10, 0),
  });
});

Deno.test("gridSteps() shifts by the zero point in profile released", () => {
  assertEquals(gridSteps({ ...grid, profile: "released" }), {
    scale: grid.scale,
    shift: Float32Array.of(-3, 7),
    low: Float32Array.of(-8, -8),
    high: Float32Array.of(7, 7),
  });
});
