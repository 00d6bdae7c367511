import { assert, assertEquals } from "@std/assert";
import { isLong } from "./long.ts";
import type { MemorySample } from "./long_measurement.ts";

const mebibyte = 2 ** 20;

async function measure(work: string, turns: number): Promise<MemorySample[]> {
  const program = new URL("long_measurement.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--v8-flags=--expose-gc", program, work, String(turns)],
    cwd: new URL("../../", import.meta.url).pathname,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert(success, text(stderr));
  return JSON.parse(text(stdout));
}

/** The least of what a tenth of the samples says, counted from 0: what comes and goes is left out. */
function leastOf(samples: readonly MemorySample[], tenth: number, of: "resident" | "heap"): number {
  const length = samples.length / 10;
  return Math.min(
    ...samples.slice(tenth * length, (tenth + 1) * length).map((each) => each[of]),
  );
}

/** Asserts that memory is flat: of tensors from the beginning, of the heap once programs are warm. */
function assertFlat(samples: readonly MemorySample[]): void {
  assertEquals(samples.map(({ tensors }) => tensors), samples.map(() => samples[0].tensors));
  const growth = (from: number, of: "resident" | "heap") =>
    (leastOf(samples, 9, of) - leastOf(samples, from, of)) / mebibyte;
  const heap = growth(1, "heap");
  assert(heap < 2, `the heap grew by ${heap} MiB after the first tenth`);
  const resident = growth(4, "resident"); // compilers of the engine take theirs up to then
  assert(resident < 8, `the process grew by ${resident} MiB after the first four tenths`);
  if (isLong) {
    const sizes = [0, 4, 9].map((tenth) => leastOf(samples, tenth, "resident") / mebibyte);
    const [first, fifth, last] = sizes.map((size) => size.toFixed(0));
    console.log(`resident in the first, fifth and last tenth: ${first}, ${fifth} and ${last} MiB`);
  }
}

Deno.test("perplexity() needs no more memory for the last of thousands of windows", async () => {
  assertFlat(await measure("windows", isLong ? 200 : 10)); // a hundred windows each
});

Deno.test("cellRunner() needs no more memory for the last of many cells and models", async () => {
  assertFlat(await measure("cells", isLong ? 400 : 10));
});
