import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { InputError, sha256 } from "../../lib/core/mod.ts";
import { generateEncyclopedia } from "../../lib/corpus/mod.ts";
import { inWords } from "../../lib/corpus/numbers.ts";

const { text, articles, entropy } = generateEncyclopedia({ seed: 1, articles: 600 });
const sentences = articles.flatMap((article) => article.split(/(?<=[.?]) |\n+/));

const NUMBERS = new Map(Array.from({ length: 100 }, (_, value) => [inWords(value), value]));

/** All numbers of a sentence, in digits or words, in their order. */
function numbersOf(sentence: string): number[] {
  const words = sentence.toLowerCase().match(/\d[\d,]*\d|\d|[a-z-]+/g) ?? [];
  return words
    .map((word) => /\d/.test(word) ? Number(word.replaceAll(",", "")) : NUMBERS.get(word))
    .filter((value) => value !== undefined);
}

Deno.test("generateEncyclopedia() gives the same text for the same seed", async () => {
  assertEquals(generateEncyclopedia({ seed: 1, articles: 600 }), { text, articles, entropy });
  assertEquals(
    await sha256(text),
    "dc0a1e88d35f0449c536638a0ad794a765e792a5589e0cca65f1cc7c79363dd9",
  );
});

Deno.test("generateEncyclopedia() gives other names for another seed", () => {
  const titles = (seed: number) =>
    generateEncyclopedia({ seed, articles: 300 }).articles
      .map((article) => article.slice(0, article.indexOf("\n")))
      .filter((title) => !/^= \S+ [a-z]+ =$/.test(title)); // birds have English names
  const [first, second] = [new Set(titles(1)), titles(2)];
  assert(second.filter((title) => first.has(title)).length <= 0.02 * second.length);
});

Deno.test("generateEncyclopedia() joins its articles by blank lines", () => {
  assertEquals(articles.length, 600);
  assertEquals(text, articles.join("\n\n") + "\n");
  for (const article of articles) assert(/^= [A-Z][^\n]* =\n\n/.test(article), article);
});

Deno.test("generateEncyclopedia() stops with the article that reaches the size", () => {
  const { text, articles } = generateEncyclopedia({ seed: 9, characters: 20000 });
  const last = articles[articles.length - 1];
  assert(text.length >= 20000 && text.length - last.length - 2 < 20000, `${text.length}`);
});

Deno.test("generateEncyclopedia() leaves no gap unfilled", () => {
  const leftover = text.match(/.*([{}<>[\]|]|undefined|NaN|null|[^\n\x20-\x7e]| {2}).*/);
  assertEquals(leftover?.[0], undefined);
});

Deno.test("generateEncyclopedia() writes a and an, capitals and stops", () => {
  for (const sentence of sentences) {
    assert(!/\b[Aa] (?!one\b|uni|us[eu])([aeiouAEIOU]|8|18\b|11\b)/.test(sentence), sentence);
    assert(!/\b[Aa]n [^aeiouAEIOU81]/.test(sentence), sentence);
    assert(!/\b(\w+) \1\b/.test(sentence), sentence);
    assert(/^[A-Z0-9*=]/.test(sentence), sentence);
  }
});

Deno.test("generateEncyclopedia() writes sums that are right", () => {
  const sums = sentences.filter((sentence) => /\bin all\b| make | made it /.test(sentence))
    .map((sentence) => numbersOf(sentence.replace(/ in \d{4}\b/, "")))
    .filter((numbers) => numbers.length >= 3);
  assert(sums.length > 300, `${sums.length} sums`);
  for (const [first, second, sum] of sums) assertEquals(first + second, sum);
});

Deno.test("generateEncyclopedia() writes right differences", () => {
  const losses = sentences.filter((sentence) => / men of .* were lost| less /.test(sentence))
    .map(numbersOf).filter((numbers) => numbers.length === 3);
  assert(losses.length > 10);
  for (const [army, lost, left] of losses) assertEquals(army - lost, left);
});

Deno.test("generateEncyclopedia() lets people be born before they die and numbers dates upwards", () => {
  const lives = [...text.matchAll(/\((\d{4}) - (\d{4})\)|born \d+ \w+ (\d{4}) .*?died (\d{4})/g)];
  assert(lives.length > 20);
  for (const [, born = "", died = "", bornOn, diedIn] of lives) {
    assert(Number(born || bornOn) + 50 < Number(died || diedIn));
  }
  const chronologies = articles.map((article) => [...article.matchAll(/^\d\. (\d{4}): /gm)]);
  for (const entries of chronologies) {
    const years = entries.map(([, year]) => Number(year));
    assertEquals(years, years.toSorted((one, other) => one - other));
  }
});

Deno.test("generateEncyclopedia() repeats at the end only names that were told before", () => {
  let repeated = 0;
  for (const article of articles) {
    const [body, related = ""] = article.split("== See also ==");
    for (const [, name] of related.matchAll(/^\* (?:Treaty of )?(.*?)(?: \(river\))?$/gm)) {
      assert(body.includes(name), `${name} in ${article}`);
      repeated++;
    }
  }
  assert(repeated > 1000);
});

Deno.test("generateEncyclopedia() reports 0.1 to 0.5 nats a character", () => {
  assert(entropy > 0.1 * text.length && entropy < 0.5 * text.length, `${entropy}`);
  assertNotEquals(entropy, generateEncyclopedia({ seed: 2, articles: 600 }).entropy);
});

Deno.test("generateEncyclopedia() refuses sizes and seeds out of range", () => {
  assertThrows(
    () => generateEncyclopedia({ seed: 1, articles: 0 }),
    InputError,
    "Cannot generate an encyclopedia: its size must be a positive integer, got 0",
  );
  assertThrows(
    () => generateEncyclopedia({ seed: 1, characters: 1.5 }),
    InputError,
    "its size must be a positive integer, got 1.5",
  );
  assertThrows(
    () => generateEncyclopedia({ seed: -1, articles: 1 }),
    InputError,
    "seed must be an integer in 0..4294967295, got -1",
  );
});
