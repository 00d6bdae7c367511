import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ByteCursor } from "../../lib/io/byte_cursor.ts";
import { readValue } from "../../lib/io/gguf_values.ts";
import { ggufBytes, type SampleValue } from "../../tools/fuzz/gguf_bytes.ts";

/** Where the type of a value begins in a file that has one, called `a`. */
const start = 24 + 8 + 1;

/** Reads a value, its bytes changed before. */
function read(value: SampleValue, change: (bytes: DataView<ArrayBuffer>) => void = () => {}) {
  const bytes = ggufBytes({ metadata: { a: value } }).slice(start);
  change(new DataView(bytes.buffer));
  return readValue(new ByteCursor(bytes, bytes.length, "read a"), "read a");
}

function refuses(value: SampleValue, change: (bytes: DataView<ArrayBuffer>) => void, rule: string) {
  assertThrows(() => read(value, change), InputError, `Cannot read a: ${rule}`);
}

Deno.test("readValue() gives every type of value", () => {
  assertEquals(read(["u8", 255]), 255);
  assertEquals(read(["i8", -1]), -1);
  assertEquals(read(["u16", 65535]), 65535);
  assertEquals(read(["i16", -2]), -2);
  assertEquals(read(["u32", 2 ** 32 - 1]), 2 ** 32 - 1);
  assertEquals(read(["i32", -3]), -3);
  assertEquals(read(["f32", 0.1]), Math.fround(0.1));
  assertEquals(read(["u64", 2 ** 40]), 2 ** 40);
  assertEquals(read(["i64", -4]), -4);
  assertEquals(read(["f64", 0.1]), 0.1);
  assertEquals(read(["bool", true]), true);
  assertEquals(read(["string", "\ufeffĠ the \0"]), "\ufeffĠ the \0");
});

Deno.test("readValue() gives arrays, those of numbers in their type", () => {
  assertEquals(read(["string[]", ["a", "", "ü"]]), ["a", "", "ü"]);
  assertEquals(read(["string[]", []]), []);
  assertEquals(read(["bool[]", [true, false]]), [true, false]);
  assertEquals(read(["f32[]", [-1, 0.25]]), Float32Array.of(-1, 0.25));
  assertEquals(read(["i32[]", [1, -6]]), Int32Array.of(1, -6));
  assertEquals(read(["u64[]", [7]]), BigUint64Array.of(7n));
});

Deno.test("readValue() keeps integers beyond 2^53 exact", () => {
  const greatest = 2n ** 64n - 1n;
  assertEquals(read(["u64", 0], (bytes) => bytes.setBigUint64(4, greatest, true)), greatest);
});

Deno.test("readValue() refuses what its type does not allow", () => {
  const setBool = (bytes: DataView<ArrayBuffer>) => bytes.setUint8(4, 2);
  refuses(["bool", true], setBool, "true or false must be the byte 1 or 0, got 2");
  const setType = (bytes: DataView<ArrayBuffer>) => bytes.setUint32(0, 13, true);
  refuses(["bool", true], setType, "its type must be one of 0..12, got 13");
  refuses(["array[]", []], () => {}, "its array must not hold arrays");
});

Deno.test("readValue() refuses arrays that the file has no room for, at once", () => {
  for (const value of [["u8[]", [1]], ["string[]", ["a"]]] as SampleValue[]) {
    const setCount = (bytes: DataView<ArrayBuffer>) => bytes.setBigUint64(8, 2n ** 62n, true);
    refuses(value, setCount, "the number of elements of an array must be at most ");
  }
});
