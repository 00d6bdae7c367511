import { assertEquals, assertThrows } from "@std/assert";
import { AddedTokens, contentOf, readFlag } from "../../lib/io/added_tokens.ts";
import { plainToken } from "../../lib/io/byte_level.ts";
import { InputError } from "../../lib/core/mod.ts";

const vocab = { a: 0, "<x>": 1 };

Deno.test("AddedTokens.list() joins what files say of a token, in order of ids", () => {
  const added = new AddedTokens(vocab);
  added.add({ content: "<y>", id: 2, special: false }, "load it");
  added.addListed({ 1: { content: "<x>", lstrip: true, special: false } }, "load it");
  added.addNamed({ eos_token: "<x>", bos_token: null, additional_special_tokens: [] }, "load it");
  assertEquals(added.list(), [
    { ...plainToken, content: "<x>", id: 1, lstrip: true, special: true },
    { ...plainToken, content: "<y>", id: 2, special: false },
  ]);
  assertEquals(added.get("<y>")?.id, 2);
  assertEquals(added.get("a"), undefined);
});

Deno.test("AddedTokens refuses what is no token, has no id or another", () => {
  const refuses = (call: (added: AddedTokens) => void, rule: string) =>
    assertThrows(() => call(new AddedTokens(vocab)), InputError, `Cannot load it: ${rule}`);
  refuses((added) => added.addListed([], "load it"), "added_tokens_decoder must be an object");
  refuses((added) => added.addListed({ 1: "<x>" }, "load it"), "added_tokens_decoder must be");
  refuses(
    (added) => added.addListed({ b: { content: "<z>" } }, "load it"),
    'the id of "<z>" must be an integer of 0 or more, got NaN',
  );
  refuses(
    (added) => added.addListed({ 0: { content: "<x>" } }, "load it"),
    'the id of "<x>" must be 1, as another file says, got 0',
  );
  refuses(
    (added) => added.addListed({ 1: { content: "<x>", rstrip: "no" } }, "load it"),
    'rstrip must be true or false, got "no"',
  );
  refuses(
    (added) => added.addNamed({ additional_special_tokens: "<x>" }, "load it"),
    'additional_special_tokens must be a list of tokens, got "<x>"',
  );
  refuses((added) => added.addNamed({ eos_token: "<z>" }, "load it"), 'a file must give "<z>" an');
});

Deno.test("contentOf() reads a token written either way", () => {
  assertEquals(["<x>", { content: "<x>" }, {}, null, 1].map(contentOf), [
    "<x>",
    "<x>",
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("readFlag() is false of what is not there", () => {
  assertEquals(readFlag({}, "it", "load"), false);
  assertEquals(readFlag({ it: true }, "it", "load"), true);
});
