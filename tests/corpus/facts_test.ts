import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  amount,
  beyond,
  count,
  difference,
  integer,
  named,
  newPlace,
  phrase,
  place,
  titled,
  totalAmount,
  totalCount,
  word,
} from "../../lib/corpus/facts.ts";
import { inventGenus } from "../../lib/corpus/names.ts";
import { remember } from "./remember.ts";

Deno.test("word() reserves its word: no other gap draws it again", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { write } = remember({ one: word("noun") }, { noun: ["ant", "bee"] }, seed);
    const one = write("{one}");
    for (let sentence = 0; sentence < 5; sentence++) assert(write("<noun>") !== one);
  }
});

Deno.test("count(), amount(), totals and differences are written and add up", () => {
  const { write } = remember({
    boats: count(7, 7),
    carts: count(35, 35),
    both: totalCount("boats", "carts"),
    gold: amount(12, 12, 100),
    silver: amount(3, 3, 500),
    wealth: totalAmount("gold", "silver"),
    left: difference("wealth", "gold"),
    built: integer(1800, 1800),
    lost: beyond("built", 9, 9),
  });
  assertEquals(
    write("{boats} {carts} {both} {gold} {silver} {wealth} {left} {built} {lost}"),
    "Seven thirty-five forty-two 1,200 1,500 2,700 1,500 1800 1809",
  );
});

Deno.test("phrase() and titled() return the same words at every mention", () => {
  const words = { noun: ["ant", "bee", "cat"], adjective: ["old", "red"] };
  const { write } = remember({
    relic: phrase("<adjective> <noun> of <noun>"),
    book: titled("the <adjective> <noun>"),
  }, words);
  const [relic, book] = [write("{relic}"), write("{book}")];
  assertMatch(relic, /^(Old|Red) (ant|bee|cat) of (ant|bee|cat)$/);
  assertMatch(book, /^The (Old|Red) (Ant|Bee|Cat)$/);
  assertEquals([write("{relic}"), write("{book}")], [relic, book]);
});

Deno.test("named(), place() and newPlace() give names that stay the same", () => {
  const { write } = remember({
    genus: named(inventGenus),
    town: place("town"),
    river: newPlace("river"),
  });
  const names = write("{genus} {town} {river}");
  assertMatch(names, /^[A-Z][a-z]+ [A-Z][a-z]+ [A-Z][a-z]+$/);
  assertEquals(write("{genus} {town} {river}"), names);
});
