import { assertEquals } from "@std/assert";
import { type FigureSubject, firstWindows } from "../../../experiments/measure/figure_subject.ts";
import type { Model } from "../../../lib/model/mod.ts";
import { tinySubject } from "./tiny_subject.ts";

Deno.test("firstWindows() leaves at most so many of each text, and says how many", () => {
  const plain = tinySubject({} as Model);
  const subject = { ...plain, validationWindows: plain.testWindows.toReversed() } as FigureSubject;
  const two = firstWindows(subject, 2);
  assertEquals([two.testWindows.length, two.validationWindows.length, two.facts.windows], [
    2,
    2,
    2,
  ]);
  assertEquals(two.testWindows[1], subject.testWindows[1]);
  assertEquals(firstWindows(subject, 9).facts.windows, 3);
  assertEquals(subject.facts.windows, 3);
});
