import { assertEquals } from "@std/assert";
import { compileKernels, kernelModules } from "../../tools/build_kernels.ts";

for (const module of kernelModules) {
  Deno.test(`compileKernels() reproduces ${module.file}`, async () => {
    const committed = await Deno.readFile(new URL(`../../${module.file}`, import.meta.url));
    assertEquals(await compileKernels(module), committed);
  });
}
