import { assert, assertEquals, assertRejects } from "@std/assert";
import { Arena } from "../../lib/tensor/arena.ts";
import {
  instantiateKernels,
  joinsVectors,
  loadKernelModule,
  workspaceBytes,
} from "../../lib/tensor/kernel_module.ts";
import { withVariable } from "./with_variable.ts";

Deno.test("loadKernelModule() takes the first of the files that this engine can run", async () => {
  const files = ["kernels_simd.wasm", "kernels_relaxed.wasm"] as const;
  assertEquals((await loadKernelModule(files)).instructions, "SIMD");
  assertEquals((await loadKernelModule(files.toReversed())).instructions, "relaxed SIMD");
});

Deno.test("loadKernelModule() leaves relaxed SIMD out where the environment says 0", async () => {
  for (const [relaxed, instructions] of [["0", "SIMD"], ["1", "relaxed SIMD"]]) {
    const load = () => loadKernelModule();
    const loaded = await withVariable("AGILE_QUANT_RELAXED_SIMD", relaxed, load);
    assertEquals(loaded.instructions, instructions);
  }
});

Deno.test("loadKernelModule() goes on to what the engine can run, or says what that lacks", async () => {
  const { validate } = WebAssembly;
  const files = ["kernels_relaxed.wasm", "kernels_simd.wasm"] as const;
  let refused = 1;
  WebAssembly.validate = () => refused-- <= 0;
  try {
    assertEquals((await loadKernelModule(files)).instructions, "SIMD");
    refused = 2;
    const message = "this JavaScript engine has no WebAssembly SIMD";
    await assertRejects(() => loadKernelModule(files), Error, message);
  } finally {
    WebAssembly.validate = validate;
  }
});

Deno.test("instantiateKernels() gives every thread kernels of its own on one memory", async () => {
  const { module } = await loadKernelModule();
  const arena = new Arena();
  const address = arena.take(16, "a test");
  const squares = [1, 2].map(() =>
    instantiateKernels(module, arena.memory, arena.take(workspaceBytes, "a test")).square
  );
  const values = arena.view(Float32Array, address, 4);
  values.set([1, -2, 3, 0.5]);
  for (const square of squares) square(4, address, address);
  assertEquals(values, Float32Array.of(1, 16, 81, 0.0625));
});

const wideFlags = "--no-wasm-bounds-checks,--experimental-wasm-revectorize";

Deno.test("joinsVectors() asks for both flags of V8", async () => {
  const [first, second] = wideFlags.split(",");
  const cases: [string, boolean][] = [
    ["", false],
    [first, false],
    [second, false],
    [wideFlags, true],
    [`${second},--max-lazy,${first}`, true],
  ];
  for (const [flags, joins] of cases) {
    assertEquals(await withVariable("DENO_V8_FLAGS", flags, joinsVectors), joins);
  }
});

/**
 * Runs the tests of every kernel in a process of such an environment, but those of other backends,
 * which no kernel computes. What counts is the report: a driver that aborts the process on its way out,
 * after the last test, says nothing of kernels.
 */
async function testKernels(env: Record<string, string>): Promise<void> {
  const root = new URL("../../", import.meta.url);
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...[
        "test",
        "-q",
        "-P=test",
        "--no-check",
        "--ignore=tests/tensor/ops/other_backends_test.ts",
      ],
      ...["tests/tensor/kernels", "tests/tensor/ops", "tests/tensor/simd_matrix_product_test.ts"],
    ],
    cwd: root,
    env: { AGILE_QUANT_NATIVE: "0", NO_COLOR: "1", ...env },
  }).output();
  const report = new TextDecoder().decode(stdout);
  const told = `exit code ${code}\n${new TextDecoder().decode(stderr)}\n${report}`;
  assert(/ok \| [1-9]\d* passed .*\| 0 failed/.test(report), told);
}

Deno.test("loadKernelModule() takes plain SIMD on demand, which passes the tests of every kernel", async () => {
  await testKernels({ AGILE_QUANT_RELAXED_SIMD: "0" });
});

Deno.test({
  name: "instantiateKernels() passes the tests of every kernel where V8 joins vectors",
  ignore: Deno.build.arch !== "x86_64", // elsewhere V8 does not know the flag
  async fn() {
    await testKernels({ DENO_V8_FLAGS: wideFlags });
  },
});
