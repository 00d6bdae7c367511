import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { packedShape } from "../../lib/tensor/matrix_product.ts";
import { Simd } from "../../lib/tensor/simd.ts";
import { simdMatrixProduct } from "../../lib/tensor/simd_matrix_product.ts";
import { split } from "../../lib/tensor/split.ts";
import { randomFloats } from "./compare.ts";
import { withVariable } from "./with_variable.ts";

const files = ["kernels_relaxed.wasm"] as const;
const [one, four] = [
  await Simd.load({ files, threads: 1 }),
  await Simd.load({ files, threads: 4 }),
];

const values = randomFloats(2 ** 19, 1);

/** The product of two random matrices. */
function productOn(
  simd: Simd,
  { m, n, k, transposeB }: { m: number; n: number; k: number; transposeB: boolean },
): Float32Array {
  return simd.arena.scratch([4 * m * k, 4 * k * n, 4 * m * n], (a, b, c) => {
    simd.arena.view(Float32Array, a, m * k).set(values.subarray(0, m * k));
    simd.arena.view(Float32Array, b, k * n).set(values.subarray(-k * n));
    const shape = packedShape({ m, n, k, transposeA: false, transposeB });
    simdMatrixProduct(simd).multiply([{ a, b, c }], shape);
    return simd.arena.view(Float32Array, c, m * n).slice();
  });
}

Deno.test("Simd.run() computes the same bits on one thread and on four", () => {
  const size = fc.integer({ min: 100, max: 300 });
  const shapes = fc.record({
    m: fc.oneof(fc.constantFrom(1, 2, 5), size),
    n: size,
    k: fc.oneof(size, fc.constant(1100)),
    transposeB: fc.boolean(),
  });
  fc.assert(
    fc.property(shapes, (shape) => {
      const expected = productOn(one, shape);
      assertEquals(productOn(four, shape).findIndex((value, i) => value !== expected[i]), -1);
    }),
    { seed: 1, numRuns: 30 },
  );
});

Deno.test("Simd.run() lets other threads work, in memory that grew after they started", () => {
  const count = 2 ** 16;
  const parts = split(count, 16, 64);
  for (let round = 0; four.callsServed === 0 || round < 10; round++) {
    four.arena.scratch([4 * count, 2 ** (20 + round % 8)], (address, other) => {
      const values = four.arena.view(Float32Array, address, count).fill(3);
      const far = other + 2 ** (20 + round % 8) - 4 * count;
      const squares = four.arena.view(Float32Array, far, count).fill(0);
      four.run(
        "square",
        parts.map(([first, size]) => [size, far + 4 * first, address + 4 * first]),
      );
      assertEquals([values[0], squares.indexOf(0), squares[count - 1]], [3, -1, 9]);
    });
  }
  assert(four.callsServed > 0);
});

Deno.test("Simd.run() throws what a call throws, on any thread, and goes on", () => {
  four.arena.scratch([64, 64], (source, target) => {
    four.arena.view(Float32Array, source, 4).fill(2);
    const good = [4, target, source];
    const outside = [4, 2 ** 32 - 65536, source];
    const calls = [...new Array(50).fill(good), outside, ...new Array(50).fill(good)];
    for (let round = 0; round < 20; round++) {
      assertThrows(
        () => four.run("square", calls),
        Error,
        "kernel square failed: memory access out of bounds",
      );
      four.run("square", [good, good]);
      assertEquals([...four.arena.view(Float32Array, target, 4)], [4, 4, 4, 4]);
    }
  });
});

/** Loads the kernels for as many threads as a user may ask for. */
function loadWith(threads: string): Promise<Simd> {
  return withVariable("AGILE_QUANT_THREADS", threads, () => Simd.load({ files }));
}

for (const variable of ["many", "", "0", "-1", "1.5", "1e3", " 2"]) {
  Deno.test(`Simd.load() refuses a number of threads that is none: "${variable}"`, async () => {
    await assertRejects(
      () => loadWith(variable),
      InputError,
      `Cannot start threads: AGILE_QUANT_THREADS must be a positive integer, got "${variable}"`,
    );
  });
}

Deno.test("Simd.load() takes no more threads than there are cores, which would only wait", async () => {
  const cores = navigator.hardwareConcurrency;
  assertEquals((await loadWith("1")).threads, 1);
  assertEquals((await loadWith(`${cores}`)).threads, cores);
  for (const many of ["1000000", "9".repeat(400)]) {
    assertEquals((await loadWith(many)).threads, cores);
  }
});

/** Runs a program that keeps three more threads busy and then does what `end` says. */
function spawnThreads(end: string): Deno.ChildProcess {
  const folder = new URL("../../lib/tensor/", import.meta.url);
  const script = `
    import { Simd } from ${JSON.stringify(new URL("simd.ts", folder))};
    const simd = await Simd.load({ threads: 4 });
    const calls = Array.from({ length: 64 }, (_, i) => [256, 2 ** 22 + 4096 * i, 2 ** 22 + 4096 * i]);
    simd.arena.take(2 ** 24, "a test");
    while (simd.callsServed === 0) simd.run("square", calls);
    console.log("served");
    ${end}`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const flags = ["-q", "--no-prompt", "--allow-read", "--config", config];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `data:application/typescript,${encodeURIComponent(script)}`],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

for (
  const [end, code] of [["", 0], ["Deno.exit(3);", 3], [
    "throw new Error('on purpose');",
    1,
  ]] as const
) {
  Deno.test(`Simd threads end with the process: ${end || "the last line"}`, async () => {
    const { code: actual, stdout } = await spawnThreads(end).output();
    assertEquals([actual, new TextDecoder().decode(stdout)], [code, "served\n"]);
  });
}

Deno.test("Simd threads end with the process: an interrupt", async () => {
  const process = spawnThreads("for (;;) simd.run('square', calls);");
  const reader = process.stdout.getReader();
  await reader.read();
  process.kill("SIGINT");
  const { signal } = await process.status;
  await reader.cancel();
  await process.stderr.cancel();
  assertEquals(signal, "SIGINT");
});
