import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { withinSeconds } from "../../lib/io/time_limit.ts";

Deno.test("withinSeconds() gives what the work gives, and throws what it throws", () => {
  assertEquals(withinSeconds(1, "count", "it must end", () => 1 + 1), 2);
  const fail = () => {
    throw new RangeError("too deep");
  };
  assertThrows(() => withinSeconds(1, "count", "it must end", fail), RangeError, "too deep");
});

Deno.test("withinSeconds() stops a loop and a regular expression, and work goes on afterwards", () => {
  const endless = [
    () => {
      for (;;);
    },
    () => /^(a+)*b/.test("a".repeat(60)),
  ];
  for (const work of endless) {
    const stopped = () => withinSeconds(0.05, "count", "it must end", work);
    assertThrows(stopped, InputError, "Cannot count: it must end within 1 seconds");
    assertEquals(withinSeconds(1, "count", "it must end", () => 3), 3);
  }
});

Deno.test("withinSeconds() can be used within itself", () => {
  const inner = () => withinSeconds(1, "count", "it must end", () => 2);
  assertEquals(withinSeconds(1, "count", "it must end", () => [1, inner(), inner()]), [1, 2, 2]);
});
