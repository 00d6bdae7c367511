import { assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import {
  requireBits,
  requireChoice,
  requireFinite,
  requireFiniteGrid,
  requireLayout,
} from "../../lib/quant/checks.ts";

const refuses = (check: () => void, rule: string) =>
  assertThrows(check, InputError, `Cannot quantize attn.q: ${rule}`);

Deno.test("requireBits() lets 2 to 8 pass and nothing else", () => {
  for (let bits = 2; bits <= 8; bits++) requireBits(bits, "attn.q");
  for (const bits of [1, 9, 4.5, -4, NaN, Infinity]) {
    refuses(() => requireBits(bits, "attn.q"), `bits must be an integer in 2..8, got ${bits}`);
  }
});

Deno.test("requireChoice() lets nothing pass but the choices", () => {
  requireChoice("mse", ["minmax", "mse"], "range", "attn.q");
  for (const strange of ["maxmin", "", null, undefined] as unknown as string[]) {
    const rule = `range must be minmax or mse, got ${JSON.stringify(strange ?? null)}`;
    refuses(() => requireChoice(strange, ["minmax", "mse"], "range", "attn.q"), rule);
  }
});

Deno.test("requireFinite() lets every finite float32 pass", () => {
  const extremes = Float32Array.of(0, -0, 1e-45, 3.4028234e38, -3.4028234e38);
  requireFinite(extremes, "attn.q");
  fc.assert(fc.property(fc.float32Array({ noNaN: true, noDefaultInfinity: true }), (x) => {
    requireFinite(x, "attn.q");
  }));
});

Deno.test("requireFinite() names the first element that is not finite, in a part of an array too", () => {
  for (const strange of [NaN, Infinity, -Infinity]) {
    const x = Float32Array.of(NaN, 1, 2, strange, NaN).subarray(1);
    refuses(() => requireFinite(x, "attn.q"), `element 2 must be finite, got ${strange}`);
  }
});

Deno.test("requireFiniteGrid() refuses a grid whose outermost value float32 does not hold", () => {
  requireFiniteGrid(2 ** 120, 255, [0, 2 ** 128], "attn.q");
  refuses(
    () => requireFiniteGrid(2 ** 121, 128, [-(2 ** 127), 2 ** 127], "attn.q"),
    "the width of its range must fit float32, got [-1.7",
  );
  refuses(() => requireFiniteGrid(NaN, 15, [0, 1], "attn.q"), "the width of its range");
});

Deno.test("requireLayout() lets whole periods of channels pass, none among them", () => {
  const layout = { channels: 3, inner: 4 };
  for (const length of [0, 12, 36]) requireLayout(length, layout, "attn.q");
  for (const length of [1, 4, 6, 13]) {
    const rule = `its length must be a multiple of 3 channels x 4 elements, got ${length}`;
    refuses(() => requireLayout(length, layout, "attn.q"), rule);
  }
  refuses(() => requireLayout(3, { channels: 0, inner: 1 }, "attn.q"), "its length must be");
});
