import { assertAlmostEquals, assertEquals } from "@std/assert";
import { integer } from "../../lib/corpus/facts.ts";
import { remember } from "./remember.ts";

Deno.test("Memory draws a fact at its first mention and keeps it", () => {
  const { choices, memory, write } = remember({ year: integer(1000, 1999), day: integer(1, 28) });
  assertEquals(choices.nats, 0);
  assertEquals(memory.mentions(["year"]), false);
  const first = write("{year}");
  assertAlmostEquals(choices.nats, Math.log(1000), 1e-12);
  assertEquals(write("{year}"), first);
  assertAlmostEquals(choices.nats, Math.log(1000), 1e-12);
  assertEquals([memory.mentions(["year"]), memory.mentions(["year", "day"])], [true, false]);
});

Deno.test("Memory.words() follows an urn whose words gain weight, with the exact entropy", () => {
  const { choices, write } = remember({}, { noun: ["ant", "bee"] });
  const first = write("<noun>");
  const rank = ["Ant", "Bee"].indexOf(first);
  const weights = [1 / 5, 1 / 6];
  const total = weights[0] + weights[1];
  assertAlmostEquals(choices.nats, -Math.log(weights[rank] / total), 1e-12);
  const before = choices.nats;
  const second = write("<noun>");
  const again = second === first;
  const weight = again ? weights[rank] + 0.15 : weights[1 - rank];
  assertAlmostEquals(choices.nats - before, -Math.log(weight / (total + 0.15)), 1e-12);
});

Deno.test("Memory.write() draws no word twice in one sentence", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { write } = remember({}, { noun: ["ant", "bee", "cat", "dog"] }, seed);
    const words = write("<2 noun>, <noun>, <noun>").toLowerCase().match(/ant|bee|cat|dog/g);
    assertEquals(words?.toSorted(), ["ant", "bee", "cat", "dog"]);
  }
});
