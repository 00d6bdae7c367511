import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ByteCursor, MoreNeeded } from "../../lib/io/byte_cursor.ts";

const bytes = Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 0, 0, 0xc3, 0xa9, 0xff);

/** Reads the bytes after so many, of a file that ends with them unless told. */
function cursorAt(position: number, end = bytes.length): ByteCursor {
  const cursor = new ByteCursor(bytes, end, "read it");
  cursor.slice(position);
  return cursor;
}

Deno.test("ByteCursor reads little-endian values one after the other", () => {
  const cursor = cursorAt(0);
  assertEquals([cursor.number("getUint8", 1), cursor.u32(), cursor.position], [1, 2, 5]);
  assertEquals(cursorAt(1).big("getBigInt64"), 2n);
  assertEquals(cursorAt(1).string(), "é");
  assertEquals(cursorAt(9).slice(2), Uint8Array.of(0xc3, 0xa9));
});

Deno.test("ByteCursor says how much of the file it needs, and refuses what leaves the file", () => {
  const error = assertThrows(() => cursorAt(8, 100).big("getBigInt64"), MoreNeeded);
  assertEquals(error.bytes, 16);
  const rule = "Cannot read it: its header must end by byte 12, got 16";
  assertThrows(() => cursorAt(8).big("getBigInt64"), InputError, rule);
});

Deno.test("ByteCursor refuses counts that the file has no room for, and strings not in UTF-8", () => {
  const rule = "Cannot read it: the number of keys must be at most 1, got 2";
  assertThrows(() => cursorAt(1).count(2, "keys"), InputError, rule);
  assertEquals(cursorAt(1).count(1, "keys"), 2);
  const wrong = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff);
  const text = "Cannot read it: the string at byte 8 must be UTF-8";
  assertThrows(() => new ByteCursor(wrong, 9, "read it").string(), InputError, text);
});
