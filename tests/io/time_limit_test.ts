import { assertEquals, assertThrows } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

Deno.test("withinSeconds() gives work more time that the machine had none for", () => {
  const endless = () => {
    for (;;);
  };
  const given = [0, 0.01, 0.01, 0.03, 0.03, 0.1]; // before and after each of three attempts
  const stopped = () => withinSeconds(0.05, "count", "it must end", endless, () => given.shift()!);
  assertThrows(stopped, InputError, "Cannot count: it must end within 1 seconds");
  assertEquals(given, []);
  let begun = 0;
  const slowOnce = () => ++begun === 1 ? endless() : 4;
  assertEquals(withinSeconds(0.05, "count", "it must end", slowOnce, () => 0), 4);
});

Deno.test("withinSeconds() can be used within itself", () => {
  const inner = () => withinSeconds(1, "count", "it must end", () => 2);
  assertEquals(withinSeconds(1, "count", "it must end", () => [1, inner(), inner()]), [1, 2, 2]);
});

Deno.test("withinSeconds() keeps nothing of its work, of work within it neither", () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const remember = () => {
    const texts = [{ length: 1 }, { length: 2 }];
    const inner = () => withinSeconds(1, "count", "it must end", () => texts[1].length);
    withinSeconds(1, "count", "it must end", () => texts[0].length + inner());
    return texts.map((text) => new WeakRef(text));
  };
  const references = remember();
  return new Promise<void>((resolve) => setTimeout(resolve)).then(() => {
    collect();
    assertEquals(references.map((each) => each.deref()), [undefined, undefined]);
  });
});
