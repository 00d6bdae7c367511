import { assert, assertEquals } from "@std/assert";
import { Simd } from "../../lib/tensor/simd.ts";

const modules = {
  "relaxed SIMD": await Simd.load({ files: ["kernels_relaxed.wasm"] }),
  "plain SIMD": await Simd.load({ files: ["kernels_simd.wasm"] }),
};

/** The distance from a float32 to the next one. */
function spacing(value: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(value))) - 23);
}

for (const [name, simd] of Object.entries(modules)) {
  const { arena } = simd;

  Deno.test(`Simd exp stays within 2 units in the last place of Math.exp with ${name}`, () => {
    const count = 100000;
    arena.scratch([4 * count, 4 * count], (source, target) => {
      const x = arena.view(Float32Array, source, count);
      for (let i = 0; i < count; i++) x[i] = -104 + i * 0.00193;
      simd.run("exp", [[count, target, source]]);
      arena.view(Float32Array, target, count).forEach((value, i) => {
        const expected = Math.exp(x[i]);
        const overflows = expected > 3.4028234e38 && value === Infinity;
        const error = Math.abs(value - expected) / spacing(expected);
        assert(overflows || error < 2, `exp(${x[i]}) = ${value} is off by ${error}`);
      });
    });
  });
}

/** Exports `f`: the sum of four products of 127 and 255 as relaxed SIMD has it here. */
const dotOfFour = Uint8Array.from([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0],
  ...[10, 37, 1, 35, 0],
  ...[65, 255, 0, 253, 15], // i32.const 127, i8x16.splat
  ...[65, 127, 253, 15], // i32.const -1, i8x16.splat
  ...[253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // v128.const 0
  ...[253, 147, 2], // i32x4.relaxed_dot_i8x16_i7x16_add_s
  ...[253, 27, 0, 11], // i32x4.extract_lane 0, end
]);

Deno.test("Simd sums up four products at once unless the engine saturates sums of two", () => {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(dotOfFour));
  const sum = (instance.exports.f as () => number)();
  const [saturated, unsigned, signed] = [2 * 32767, 4 * 127 * 255, -4 * 127];
  assert([saturated, unsigned, signed].includes(sum), `got ${sum}`);
  assertEquals(modules["relaxed SIMD"].dots, sum !== saturated);
  assertEquals(modules["plain SIMD"].dots, false);
});
