import { assertEquals, assertStrictEquals } from "@std/assert";
import { int4Kernels } from "../../lib/int4/kernels.ts";

Deno.test("int4Kernels() starts once", () => {
  assertStrictEquals(int4Kernels(), int4Kernels());
});

Deno.test("int4Kernels() has a memory that grows and the functions of its type", () => {
  const { memory, ...functions } = int4Kernels();
  const pages = memory.grow(1);
  assertEquals(memory.buffer.byteLength, 65536 * (pages + 1));
  const parameters = Object.entries(functions).map(([name, { length }]) => [name, length]);
  assertEquals(Object.fromEntries(parameters), {
    int4Codes: 11, // used in the memory of lib/tensor alone
    int4Panels: 6,
    int4Linear: 9,
    int4Matmul: 9,
  });
});
