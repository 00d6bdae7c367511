import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { unicodeText } from "./arbitrary.ts";
import { BYTE_CHARACTERS, pretokenize } from "../../lib/corpus/mod.ts";

Deno.test("pretokenize() cuts as GPT-2 does", () => {
  assertEquals(
    pretokenize("It's 1,480  m² (we'll see)!\n\n= Été ="),
    ["It", "'s", " 1", ",", "480", " ", " m", "²", " (", "we", "'ll", " see", ")!", "\n", "\n", "="]
      .concat([" Été", " ="]),
  );
});

Deno.test("pretokenize() loses nothing", () => {
  fc.assert(fc.property(unicodeText, (text) => {
    assertEquals(pretokenize(text).join(""), text);
  }));
});

Deno.test("BYTE_CHARACTERS are 256 distinct printable characters", () => {
  assertEquals(new Set(BYTE_CHARACTERS).size, 256);
  assertEquals(BYTE_CHARACTERS[0x20] + BYTE_CHARACTERS[0x0a] + BYTE_CHARACTERS[0x41], "ĠĊA");
  assertEquals(BYTE_CHARACTERS.some((character) => /[\s\p{C}]/u.test(character)), false);
});
