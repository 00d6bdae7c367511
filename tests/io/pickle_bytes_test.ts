import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { PickleBytes } from "../../lib/io/pickle_bytes.ts";

const path = "a.bin";
const refused = (rule: string) => `Cannot read ${path}: ${rule}`;

Deno.test("PickleBytes reads numbers and texts one after the other", () => {
  const bytes = Uint8Array.of(
    ...[9, 9], // in front of the pickle
    ...[7],
    ...[0xff, 0x01],
    ...[0x00, 0x00, 0x00, 0xf0],
    ...[0xfe, 0xff, 0xff, 0xff],
    ...[0x3f, 0xf8, 0, 0, 0, 0, 0, 0],
    ...new TextEncoder().encode("é"),
    ...new TextEncoder().encode("name\n"),
  );
  const pickle = new PickleBytes(bytes, path, 2);
  assertEquals(pickle.byte(), 7);
  assertEquals(pickle.uint16(), 0x1ff);
  assertEquals(pickle.uint32(), 0xf0000000);
  assertEquals(pickle.int32(), -2);
  assertEquals(pickle.float64(), 1.5);
  assertEquals(pickle.text(2), "é");
  assertEquals(pickle.line(), "name");
  assertEquals(pickle.at, bytes.length);
});

Deno.test("PickleBytes.integer() is two's complement, and a number where that is exact", () => {
  const integer = (...bytes: number[]) =>
    new PickleBytes(Uint8Array.from(bytes), path, 0).integer(bytes.length);
  assertEquals(integer(), 0);
  assertEquals(integer(0xff), -1);
  assertEquals(integer(0x00, 0x80), -32768);
  assertEquals(integer(0, 0, 0, 0, 2), 2 ** 33);
  assertEquals(integer(0, 0, 0, 0, 0, 0, 0, 1), 2n ** 56n);
});

Deno.test("PickleBytes refuses to read past the end, and text that is not UTF-8", () => {
  const over = refused("its pickle must not break off");
  const pickle = () => new PickleBytes(Uint8Array.of(0xff, 0x41), path, 0);
  assertThrows(() => pickle().uint32(), InputError, over);
  assertThrows(() => pickle().text(3), InputError, over);
  assertThrows(() => pickle().integer(255), InputError, over);
  assertThrows(() => pickle().line(), InputError, over);
  assertThrows(() => pickle().text(1), InputError, refused("the text in its pickle must be UTF-8"));
});
