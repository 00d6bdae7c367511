import { assertEquals } from "@std/assert";
import { compileKernels, kernelFeatures } from "../../tools/build_kernels.ts";

for (const [file, features] of Object.entries(kernelFeatures)) {
  Deno.test(`compileKernels() reproduces ${file}`, async () => {
    const committed = await Deno.readFile(new URL(`../../lib/tensor/${file}`, import.meta.url));
    assertEquals(await compileKernels(features), committed);
  });
}
