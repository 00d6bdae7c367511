import { assert, assertEquals } from "@std/assert";

Deno.test("loadKernelModule() takes plain SIMD on demand, which passes the tests of every kernel", async () => {
  const root = new URL("../../", import.meta.url);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-q", "-P=test", "--no-check"],
      ...["tests/tensor/kernels", "tests/tensor/ops"],
    ],
    cwd: root,
    env: { AGILE_QUANT_RELAXED_SIMD: "0", AGILE_QUANT_NATIVE: "0", NO_COLOR: "1" },
  }).output();
  const report = new TextDecoder().decode(stdout);
  assertEquals(code, 0, report);
  assert(/ok \| [1-9]\d* passed/.test(report), report);
});
