import { assertEquals } from "@std/assert";
import { isProvenance, secondsOf } from "../../../experiments/result/provenance.ts";

const origin = { commit: null, date: "2026-11-29", deno: "2.9.6", machine: "a test" };

Deno.test("isProvenance() takes what says where a result comes from, and nothing else", () => {
  const { date: _, ...former } = origin;
  for (const good of [origin, former, { ...origin, commit: "0123456789ab" }]) {
    assertEquals(isProvenance(good), true, JSON.stringify(good));
  }
  const untimed = [null, 3, { one: "1" }].map((seconds) => ({ ...origin, seconds }));
  for (
    const bad of [null, {}, { ...origin, commit: 1 }, { ...origin, machine: undefined }, ...untimed]
  ) {
    assertEquals(isProvenance(bad), false, JSON.stringify(bad));
  }
});

Deno.test("secondsOf() is what all cells took, and unknown where none is", () => {
  assertEquals(secondsOf({ ...origin, seconds: { one: 1.5, two: 2 } }), 3.5);
  assertEquals([secondsOf({ ...origin, seconds: {} }), secondsOf(origin)], [undefined, undefined]);
});
