import { assert, assertEquals, assertMatch } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { Choices } from "../../lib/corpus/mod.ts";
import {
  Gazetteer,
  inventEpithet,
  inventGenus,
  inventGivenName,
  inventInstrument,
  inventSurname,
} from "../../lib/corpus/names.ts";

const fresh = () => new Choices(seededRandom(3));

Deno.test("inventSurname() and its kin spell names in letters, and rarely the same one twice", () => {
  const choices = fresh();
  const inventors = [
    inventSurname,
    inventGenus,
    (choices: Choices) => inventGivenName(choices, true),
    (choices: Choices) => inventGivenName(choices, false),
  ];
  for (const invent of inventors) {
    const names = Array.from({ length: 200 }, () => invent(choices));
    for (const name of names) assertMatch(name, /^[A-Z][a-z]{2,}$/);
    assert(new Set(names).size > 190);
  }
});

Deno.test("inventEpithet() and inventInstrument() give lower-case names", () => {
  assertMatch(inventEpithet(fresh()), /^[a-z]+$/);
  assertMatch(inventInstrument(fresh()), /^[a-z]+$/);
});

Deno.test("Gazetteer.visit() never gives one article the same place twice", () => {
  const gazetteer = new Gazetteer(fresh());
  for (let article = 0; article < 200; article++) {
    gazetteer.startArticle();
    const towns = Array.from({ length: 4 }, () => gazetteer.visit("town"));
    assertEquals(new Set(towns).size, 4);
  }
});

Deno.test("Gazetteer.visit() returns to places of earlier articles, Gazetteer.found() does not", () => {
  const gazetteer = new Gazetteer(fresh());
  const seen = new Set<string>();
  const rivers = new Set<string>();
  let met = 0;
  for (let article = 0; article < 300; article++) {
    gazetteer.startArticle();
    rivers.add(gazetteer.found("river"));
    const town = gazetteer.visit("town");
    if (seen.has(town)) met++;
    seen.add(town);
  }
  assert(rivers.size > 295, `${rivers.size} rivers`);
  assert(met > 60 && met < 120, `${met} of 300`);
});
