import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { stepsOf } from "../../lib/core/mod.ts";

Deno.test("stepsOf() counts whole steps as they are", () => {
  assertEquals(stepsOf(0, 12), "0/12");
  assertEquals(stepsOf(3, 12), "3/12");
  assertEquals(stepsOf(12, 12), "12/12");
});

Deno.test("stepsOf() says within a tenth how far the next step is", () => {
  assertEquals(stepsOf(3.5, 12), "3.5/12");
  fc.assert(fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (done) => {
    const [shown, total] = stepsOf(done, 7).split("/");
    assert(Math.abs(Number(shown) - done) <= 0.05 + 1e-9, shown);
    assert(/^\d+(\.\d)?$/.test(shown), shown);
    assertEquals(total, "7");
  }));
});
