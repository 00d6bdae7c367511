import { assert } from "@std/assert";
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
