import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  baseOf,
  isSwitchedOff,
  onOneThread,
  openLibrary,
  versionOf,
} from "../../lib/tensor/onednn.ts";
import { withVariable } from "./with_variable.ts";

const library = openLibrary();
const ignore = !library;

Deno.test("openLibrary() opens it once", { ignore }, () => {
  assert(openLibrary() === library);
});

Deno.test("versionOf() is that of an interface that is known here", { ignore }, () => {
  const [major, ...rest] = versionOf(library!);
  assert(major === 2 || major === 3);
  assertEquals(rest.length, 2);
});

Deno.test("isSwitchedOff() where the variable is 0", async () => {
  assertEquals(await withVariable("AGILE_QUANT_NATIVE", "0", () => isSwitchedOff()), true);
  assertEquals(await withVariable("AGILE_QUANT_NATIVE", "1", () => isSwitchedOff()), false);
});

Deno.test("baseOf() is where a memory starts", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  new Uint8Array(memory.buffer)[5] = 77;
  const pointer = Deno.UnsafePointer.create(baseOf(memory))!;
  assertEquals(new Deno.UnsafePointerView(pointer).getUint8(5), 77);
});

Deno.test(
  "onOneThread() gives back the library's threads, and names what failed",
  { ignore },
  () => {
    const threads = library!.omp_get_max_threads?.();
    let within: number | undefined;
    onOneThread(library!, "product", () => {
      within = library!.omp_get_max_threads?.();
      return 0;
    });
    if (threads !== undefined) assertEquals(within, 1);
    const fail = () => onOneThread(library!, "product", () => 3);
    assertThrows(fail, Error, "product failed with status 3");
    assertEquals(library!.omp_get_max_threads?.(), threads);
  },
);
