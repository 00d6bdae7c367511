import { assertEquals } from "@std/assert";
import { askForHugePages } from "../../lib/tensor/huge_pages.ts";

Deno.test("askForHugePages() advises Linux, and no other system", () => {
  const asked: unknown[][] = [];
  const advise = (...all: unknown[]) => asked.push(all);
  askForHugePages(advise, 4096n, 2 ** 32);
  const expected = Deno.build.os === "linux" ? [[4096n, 2n ** 32n, 14]] : [];
  assertEquals(asked, expected);
});

Deno.test("askForHugePages() does without a system that takes no advice", () => {
  for (const advise of [null, undefined]) askForHugePages(advise, 4096n, 2 ** 32);
});
