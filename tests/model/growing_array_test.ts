import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { GrowingArray } from "../../lib/model/growing_array.ts";
import { freeBytes, useBackend } from "../../lib/tensor/mod.ts";

await useBackend("agile");

Deno.test("GrowingArray.append() leaves every earlier version as it was", () => {
  // Each step continues one of the versions so far, often not the newest.
  const steps = fc.array(fc.record({ version: fc.nat(), count: fc.nat(9) }), { maxLength: 40 });
  fc.assert(fc.property(steps, (plan) => {
    const versions = [GrowingArray.like(new Int8Array(), "numbers")];
    const expected: number[][] = [[]];
    plan.forEach(({ version, count }, step) => {
      const from = version % versions.length;
      const addition = Array.from({ length: count }, (_, i) => step + i);
      versions.push(versions[from].append(Int8Array.from(addition)));
      expected.push([...expected[from], ...addition]);
    });
    versions.forEach((version, index) => {
      assertEquals(version.values, Int8Array.from(expected[index]));
      assertEquals(version.length, expected[index].length);
      version[Symbol.dispose]();
    });
  }));
});

Deno.test("GrowingArray.append() copies seldom: storage grows by half", () => {
  let array = GrowingArray.like(new Float32Array(), "numbers");
  const storages = new Set<number>();
  for (let i = 0; i < 1000; i++) {
    using before = array;
    array = before.append(Float32Array.of(i));
    storages.add(array.held.values.length);
  }
  using last = array;
  assertEquals(last.values, Float32Array.from({ length: 1000 }, (_, i) => i));
  assertEquals(storages.size, 14);
});

Deno.test("GrowingArray frees storage with the last version that has it, and once", () => {
  const free = freeBytes();
  const first = GrowingArray.like(new Int8Array(), "numbers").append(Int8Array.of(1, 2));
  const second = first.append(Int8Array.of(3));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assertEquals(second.values, Int8Array.of(1, 2, 3));
  assertEquals(freeBytes() < free, true);
  second[Symbol.dispose]();
  assertEquals(freeBytes() > free - 100, true); // the empty one holds a block of 16 bytes
});

Deno.test("GrowingArray refuses to read and to continue a version that is disposed of", () => {
  const version = GrowingArray.like(new Int8Array(), "the cache").append(Int8Array.of(1));
  version[Symbol.dispose]();
  for (const use of [() => version.values, () => version.append(Int8Array.of(2))]) {
    assertThrows(use, InputError, "Cannot use the cache: it must not be disposed of");
  }
});
