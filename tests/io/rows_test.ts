import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { joinRows, textColumn } from "../../lib/io/rows.ts";

Deno.test("joinRows() puts something between texts", () => {
  const texts = ["a", "", "b"];
  const rows = { length: 3, text: (index: number) => texts[index] };
  assertEquals(joinRows(rows, "\n\n", "a"), "a\n\n\n\nb");
  assertEquals(joinRows({ length: 0, text: () => "never" }, " ", "a"), "");
  assertEquals(joinRows(rows, "--", "a", 8), "a----b");
  const message = "Cannot read a: its texts together must have at most 7 characters, which fit in";
  assertThrows(() => joinRows(rows, "--", "a", 7), InputError, message);
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
