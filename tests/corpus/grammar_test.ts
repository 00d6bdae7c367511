import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { compile, expand, type Filler, render } from "../../lib/corpus/grammar.ts";

/** Takes the last alternative and counts words upwards. */
const filler: Filler = {
  fact: (name) => `fact-${name}`,
  words: (list, count) => Array.from({ length: count }, (_, index) => `${list}${index + 1}`),
  pick: (items) => items[items.length - 1],
};
const rendered = (source: string) => render(compile(source), filler);

Deno.test("render() fills facts, words, enumerations and nested alternatives", () => {
  assertEquals(
    rendered("See {town.last}, <noun>, <2 verb> and <3 adverb> [not|or [here|there {x}]]."),
    "See fact-town.last, noun1, verb1 and verb2 and adverb1, adverb2 and adverb3 or there fact-x.",
  );
  assertEquals(rendered("One[ or two|]."), "One.");
});

Deno.test("compile() lists the facts and word lists of all alternatives", () => {
  const { facts, lists } = compile("{a} [{b} <c>|{d.he}] <2 e>");
  assertEquals([facts, lists], [["a", "b", "d.he"], ["c", "e"]]);
});

Deno.test("render() sets capitals at sentence starts", () => {
  assertEquals(rendered("{x} came. who? she."), "Fact-x came. Who? She.");
});

Deno.test("render() chooses between a and an", () => {
  assertEquals(
    rendered(
      "a owl, a Elm, A eye, a used bell, a one, a union, a 8, a 80, a 18, a 11, a 12, a cat",
    ),
    "An owl, an Elm, An eye, a used bell, a one, a union, an 8, an 80, an 18, an 11, a 12, a cat",
  );
});

Deno.test("expand() leaves capitals and articles to the sentence around it", () => {
  assertEquals(expand(compile("a owl. yes"), filler), "a owl. yes");
});

Deno.test("compile() refuses malformed templates", () => {
  for (const source of ["a [b|c", "a b]", "a | b", "{a b}", "<4 noun>", "{a", "b>"]) {
    assertThrows(() => compile(source), InputError, "Cannot compile a template:");
  }
  assertThrows(
    () => compile("a [b|c"),
    InputError,
    'Cannot compile a template: brackets must be closed, got "a [b|c"',
  );
  assertThrows(
    () => compile("{a b}"),
    InputError,
    'Cannot compile a template: gaps must read {fact}, <list> or [this|that], got "{a b}"',
  );
});
