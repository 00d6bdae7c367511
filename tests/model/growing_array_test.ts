import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { GrowingArray } from "../../lib/model/growing_array.ts";

Deno.test("GrowingArray.append() leaves every earlier version as it was", () => {
  // Each step continues one of the versions so far, often not the newest.
  const steps = fc.array(fc.record({ version: fc.nat(), count: fc.nat(9) }), { maxLength: 40 });
  fc.assert(fc.property(steps, (plan) => {
    const versions = [GrowingArray.like<Int8Array>(new Int8Array())];
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
    });
  }));
});

Deno.test("GrowingArray.append() copies seldom: storage doubles", () => {
  let array = GrowingArray.like<Float32Array>(new Float32Array());
  const storages = new Set<ArrayBufferLike>();
  for (let i = 0; i < 1000; i++) {
    array = array.append(Float32Array.of(i));
    storages.add(array.values.buffer);
  }
  assertEquals(array.values, Float32Array.from({ length: 1000 }, (_, i) => i));
  assertEquals(storages.size, 9);
});
