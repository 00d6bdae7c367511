import { assertEquals } from "@std/assert";
import { dataArrays, elementCount, isDtype, isFloat } from "../../lib/io/dtypes.ts";

Deno.test("dataArrays hold an element in as many bytes as its name says", () => {
  const bytes = Object.entries(dataArrays).map(([name, { BYTES_PER_ELEMENT }]) => [
    name,
    BYTES_PER_ELEMENT,
  ]);
  const bits = (name: string) => Number(name.match(/\d+/)?.[0] ?? 8);
  assertEquals(bytes, Object.keys(dataArrays).map((name) => [name, bits(name) / 8]));
});

Deno.test("dataArrays read little-endian numbers of every type", () => {
  const read = (dtype: keyof typeof dataArrays, ...bytes: number[]) =>
    new dataArrays[dtype](Uint8Array.from(bytes).buffer)[0];
  assertEquals(read("F64", 0, 0, 0, 0, 0, 0, 0xf8, 0xbf), -1.5);
  assertEquals(read("F32", 0, 0, 0xc0, 0xbf), -1.5);
  assertEquals(read("F16", 0, 0xbe), -1.5);
  assertEquals(read("BF16", 0xc0, 0xbf), 0xbfc0);
  assertEquals(read("I64", 0xfe, ...Array(7).fill(0xff)), -2n);
  assertEquals(read("I32", 0xfe, 0xff, 0xff, 0xff), -2);
  assertEquals(read("I16", 0xfe, 0xff), -2);
  assertEquals([read("I8", 0xfe), read("U8", 0xfe), read("BOOL", 1)], [-2, 254, 1]);
});

Deno.test("isDtype() knows the types read here, and no name that every object has", () => {
  assertEquals(Object.keys(dataArrays).every(isDtype), true);
  assertEquals(["F8_E4M3", "U16", "f32", "", "toString", "__proto__"].filter(isDtype), []);
});

Deno.test("isFloat() tells the types that can be read as float32", () => {
  const floats = [...Object.keys(dataArrays), "F8_E4M3"].filter(isFloat);
  assertEquals(floats, ["F64", "F32", "F16", "BF16"]);
});

Deno.test("elementCount() multiplies the dimensions of a shape", () => {
  const shapes = [[], [5], [2, 3, 4], [7, 0]];
  assertEquals(shapes.map(elementCount), [1, 5, 24, 0]);
});
