import { assertEquals } from "@std/assert";
import { harmless } from "../../tools/standard_output.ts";

Deno.test("harmless() shows what would command a terminal, and leaves all other text", () => {
  assertEquals(harmless("a\x1b[2J\x07\x9b\r"), "a\\u{1b}[2J\\u{7}\\u{9b}\\u{d}");
  const plain = "Zeile\n\tδ 👩‍🌾 \u{2028}";
  assertEquals(harmless(plain), plain);
});
