import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type ClippedFormat, clippedGrid, fakeQuantizeUniform } from "../../lib/quant/mod.ts";
import { assertSameNumbers, goldenTensors } from "./support.ts";

const { floats, integers } = goldenTensors("quarot", "rivals");

for (
  const [name, format] of [
    ["b4_sym_clip0.9", { bits: 4, symmetric: true, clip: 0.9, groupSize: "token" }],
    ["b8_sym_clip0.9", { bits: 8, symmetric: true, clip: 0.9, groupSize: "token" }],
    ["b4_asym_clip0.95", { bits: 4, symmetric: false, clip: 0.95, groupSize: "token" }],
    ["b4_asym_g8_clip0.95", { bits: 4, symmetric: false, clip: 0.95, groupSize: 8 }],
  ] as [string, ClippedFormat][]
) {
  Deno.test(`clippedGrid() is that of QuaRot: ${name}`, () => {
    const x = floats("act.input");
    const grid = clippedGrid(x, 96, format);
    assertSameNumbers(grid.scale, floats(`act.${name}.scale`), "scale");
    if (!format.symmetric) {
      assertSameNumbers(grid.zeroPoint, floats(`act.${name}.zero`), "zero point");
    }
    const codes = integers(`act.${name}.codes`);
    const expected = Float32Array.from(codes, (code, i) => {
      const group = Math.floor(i / grid.inner);
      return (code - grid.zeroPoint[group]) * grid.scale[group];
    });
    assertSameNumbers(fakeQuantizeUniform(x, grid), expected, "values");
  });
}

Deno.test("clippedGrid() has 0 in the range of a token, not in that of a group", () => {
  const of = (groupSize: number | "token") =>
    clippedGrid(Float32Array.of(3, 3.75), 2, { bits: 4, symmetric: false, clip: 1, groupSize });
  assertEquals([of("token").scale[0], of("token").zeroPoint[0]], [0.25, 0]);
  assertEquals([of(2).scale[0], of(2).zeroPoint[0]], [Math.fround(0.05), -60]);
});

Deno.test("clippedGrid() gives what is constant a step of 1", () => {
  const constant = Float32Array.of(7, 7);
  const format = { bits: 4, symmetric: false, clip: 1, groupSize: 2 } as const;
  assertEquals(fakeQuantizeUniform(constant, clippedGrid(constant, 2, format)), constant);
});

for (
  const [changes, message] of [
    [{ bits: 9 }, "bits must be an integer in 2..8, got 9"],
    [{ clip: 0 }, "clip must be above 0 and at most 1, got 0"],
    [{ clip: 1.1 }, "clip must be above 0 and at most 1, got 1.1"],
    [{ clip: NaN }, "clip must be above 0 and at most 1, got NaN"],
    [{ groupSize: 3 }, "groups must divide its 4 channels, got 3"],
    [{ groupSize: 0 }, "groups must divide its 4 channels, got 0"],
  ] as [Partial<ClippedFormat>, string][]
) {
  Deno.test(`clippedGrid() refuses ${JSON.stringify(changes)}`, () => {
    const format = { bits: 4, symmetric: true, clip: 0.9, groupSize: "token", ...changes } as const;
    const grid = () => clippedGrid(new Float32Array(8), 4, format, "attn.k of layer 3");
    assertThrows(grid, InputError, `Cannot quantize attn.k of layer 3: ${message}`);
  });
}

Deno.test("clippedGrid() refuses what is not finite", () => {
  const format = { bits: 4, symmetric: true, clip: 0.9, groupSize: "token" } as const;
  const message = "Cannot quantize attn.v: element 1 must be finite, got NaN";
  assertThrows(
    () => clippedGrid(Float32Array.of(1, NaN), 2, format, "attn.v"),
    InputError,
    message,
  );
});
