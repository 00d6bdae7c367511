import { assertEquals, assertStrictEquals } from "@std/assert";
import { rotateAtSite } from "../../lib/model/rotate_site.ts";
import type { Architecture, RotatedSite } from "../../lib/model/mod.ts";
import { rotateByHadamard } from "../../lib/quant/mod.ts";
import { tensorData, tf, tidy } from "../../lib/tensor/mod.ts";
import { assertFloatsClose, randomFloats } from "../tensor/compare.ts";
import { tinyArchitectures } from "./tiny_models.ts";

const architecture: Architecture = {
  ...tinyArchitectures.llama,
  ...{ heads: 12, headDim: 16, intermediateSize: 352 },
};

for (
  const [site, channels, size, inner] of [
    ["attn.q", 192, 16, 1],
    ["attn.k", 32, 16, 1],
    ["attn.output", 192, 12, 16],
    ["mlp.hidden", 352, 352, 1],
  ] as [RotatedSite, number, number, number][]
) {
  Deno.test(`rotateAtSite() rotates ${site} as weights are`, () => {
    const values = randomFloats(5 * channels, 1);
    const expected = Float64Array.from(values);
    rotateByHadamard(expected, size, inner);
    tidy(() => {
      const value = tf.tensor2d(values, [5, channels]);
      assertStrictEquals(rotateAtSite(architecture, site, value), value);
      const rotated = rotateAtSite({ ...architecture, rotatedSites: [site] }, site, value);
      assertEquals(rotated.shape, value.shape);
      assertFloatsClose(tensorData(rotated), expected, 1e-6);
    });
  });
}
