import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { joinRows, textColumn } from "../../lib/io/rows.ts";

Deno.test("joinRows() puts something between texts", () => {
  const texts = ["a", "", "b"];
  assertEquals(joinRows({ length: 3, text: (index) => texts[index] }, "\n\n"), "a\n\n\n\nb");
  assertEquals(joinRows({ length: 0, text: () => "never" }, " "), "");
});

Deno.test("textColumn() is the one that is asked for, else text, else sentence", () => {
  const names = ["sentence", "id", "text"];
  assertEquals(textColumn(names, "a"), "text");
  assertEquals(textColumn(names.slice(0, 2), "a"), "sentence");
  assertEquals(textColumn(names, "a", "id"), "id");
  const message = 'Cannot read a: it must have a column text or sentence, got ["id"]';
  assertThrows(() => textColumn(["id"], "a"), InputError, message);
  assertThrows(() => textColumn(["text"], "a", "id"), InputError, "must have a column id");
});
