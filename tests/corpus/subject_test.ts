import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { integer } from "../../lib/corpus/facts.ts";
import { type Common, compileSubject, list, type Subject } from "../../lib/corpus/subject.ts";

const common: Common = {
  facts: {},
  words: { tool: ["saw"] },
  remarks: ["A <tool>."],
  questions: [],
};
const subject: Subject = {
  facts: { year: integer(1, 9) },
  words: {},
  title: "Year {year}",
  openings: ["It was {year}."],
  lead: [],
  sections: [{ headings: ["Tools"], sentences: ["A <tool>."] }],
  table: [["Year", "{year}"]],
  events: [["year", "It begins."]],
  questions: [["When?", "In {year}."]],
  related: [],
};

Deno.test("list() splits at commas", () => {
  assertEquals(list("oak, lime wood,\n elm"), ["oak", "lime wood", "elm"]);
});

Deno.test("compileSubject() adds what is common to all subjects", () => {
  const compiled = compileSubject(subject, common);
  assertEquals(compiled.title.facts, ["year"]);
  assertEquals(compiled.remarks[0].lists, ["tool"]);
  assertEquals(compiled.sections[0].sentences[0].lists, ["tool"]);
});

Deno.test("compileSubject() refuses unknown facts and lists", () => {
  assertThrows(
    () => compileSubject({ ...subject, title: "{yaer}" }, common),
    InputError,
    'Cannot compile a template: yaer must be a fact or list, got "{yaer}"',
  );
  assertThrows(
    () => compileSubject(subject, { ...common, words: {} }),
    InputError,
    'Cannot compile a template: tool must be a fact or list, got "A <tool>."',
  );
});
