import { assert, assertEquals, assertMatch } from "@std/assert";
import { seededRandom } from "../../lib/core/mod.ts";
import { writeArticle } from "../../lib/corpus/article.ts";
import { Choices } from "../../lib/corpus/mod.ts";
import { integer } from "../../lib/corpus/facts.ts";
import { Memory } from "../../lib/corpus/memory.ts";
import { Gazetteer } from "../../lib/corpus/names.ts";
import { compileSubject } from "../../lib/corpus/subject.ts";

const subject = compileSubject({
  facts: { founded: integer(1000, 1099), burned: integer(1200, 1299), lost: integer(1, 9) },
  words: {},
  title: "Fort",
  openings: ["The fort burned in {burned}."],
  lead: ["It was founded in {founded}."],
  sections: [{ headings: ["History"], sentences: ["It burned in {burned}."] }],
  table: [["Founded", "{founded}"]],
  events: [["burned", "It burns."], ["founded", "It is founded."], ["lost", "It is lost."]],
  questions: [["When did it burn?", "In {burned}."], ["When was it lost?", "In {lost}."]],
  related: ["Fire of {burned}", "Loss of {lost}"],
}, { facts: {}, words: {}, remarks: Array(20).fill("It rained."), questions: [] });

const articles = Array.from({ length: 50 }, (_, seed) => {
  const choices = new Choices(seededRandom(seed));
  return writeArticle(subject, new Memory(subject, choices, new Gazetteer(choices)));
});

Deno.test("writeArticle() lays out title, sections and lists", () => {
  for (const article of articles) {
    assertMatch(
      article,
      /^= Fort =\n\n(\* Founded: \d+\n\n)?The fort burned in \d+\. It was founded/,
    );
    assertMatch(article, /\n\n== History ==\n\nIt burned in \d+\./);
    assertMatch(article, /\n\n== See also ==\n\n\* Fire of \d+$/);
  }
});

Deno.test("writeArticle() tells one story: a fact is the same wherever it appears", () => {
  for (const article of articles) {
    assertEquals(new Set(article.match(/\b12\d\d\b/g)).size, 1);
    assertEquals(new Set(article.match(/\b10\d\d\b/g)).size, 1);
  }
});

Deno.test("writeArticle() recalls only what it has told, and sorts dates", () => {
  for (const article of articles) assert(!/lost|Loss/.test(article), article);
  const chronologies = articles.filter((article) =>
    /== (Chronology|Timeline|Dates) ==/.test(article)
  );
  assert(chronologies.length > 10);
  for (const article of chronologies) {
    assertMatch(article, /\n1\. 10\d\d: It is founded\.\n2\. 12\d\d: It burns\.\n/);
  }
});
