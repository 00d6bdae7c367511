import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { parseHeader, parseHeaderLength } from "../../lib/io/safetensors_header.ts";

/** Parses a header in front of `dataBytes` bytes of data. */
function parse(header: unknown, dataBytes: number) {
  const json = new TextEncoder().encode(
    typeof header === "string" ? header : JSON.stringify(header),
  );
  return parseHeader(json, 8 + json.length + dataBytes, "a.safetensors");
}

function refuses(header: unknown, dataBytes: number, message: string) {
  assertThrows(() => parse(header, dataBytes), InputError, message);
}

const bytes = (begin: number, end: number) => ({
  dtype: "U8",
  shape: [end - begin],
  data_offsets: [begin, end],
});

Deno.test("parseHeader() places the tensors in the file", () => {
  const json =
    `{"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[2,10]},` +
    `"":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},` +
    `"none":{"dtype":"I64","shape":[0,3],"data_offsets":[2,2]}}   `;
  const { metadata, tensors } = parse(json, 10);
  const dataStart = 8 + json.length;
  assertEquals(metadata, { k: "v" });
  assertEquals([...tensors], [
    ["b", { dtype: "F32", shape: [2, 1], offset: dataStart + 2, byteLength: 8 }],
    ["", { dtype: "BF16", shape: [], offset: dataStart, byteLength: 2 }],
    ["none", { dtype: "I64", shape: [0, 3], offset: dataStart + 2, byteLength: 0 }],
  ]);
});

Deno.test("parseHeader() accepts element types that are not read here, each in its place", () => {
  const other = (dtype: string, shape: number[], data_offsets: number[]) => ({
    dtype,
    shape,
    data_offsets,
  });
  const header = {
    a: other("U64", [1], [0, 8]),
    b: other("F8_E4M3", [3], [8, 11]),
    c: other("F4", [2], [11, 12]),
    d: other("toString", [], [12, 14]),
  };
  const { tensors } = parse(header, 14);
  assertEquals([...tensors].map(([, { dtype }]) => dtype), ["U64", "F8_E4M3", "F4", "toString"]);
  assertEquals(tensors.get("d")?.byteLength, 2);
  refuses(header, 13, "Cannot read tensor d of a.safetensors: it must end within the file's ");
});

Deno.test("parseHeader() accepts a file without tensors or metadata", () => {
  assertEquals(parse({}, 0), { metadata: {}, tensors: new Map() });
});

Deno.test("parseHeader() refuses a header that is not a JSON object", () => {
  refuses("{", 0, "Cannot read a.safetensors: the header must be JSON, got ");
  refuses("[]", 0, "Cannot read a.safetensors: the header must be a JSON object, got []");
  refuses("null", 0, "Cannot read a.safetensors: the header must be a JSON object, got null");
  assertThrows(
    () => parseHeader(Uint8Array.of(0x22, 0xff, 0x22), 11, "a.safetensors"),
    InputError,
    "Cannot read a.safetensors: the header must be UTF-8 text",
  );
});

Deno.test("parseHeader() refuses a name that is there twice", () => {
  const entry = JSON.stringify(bytes(0, 1));
  const message = 'Cannot read a.safetensors: the header must not repeat a key, got "w"';
  refuses(`{"w":${entry},"w":${entry}}`, 1, message);
});

Deno.test("parseHeader() refuses metadata that are not strings", () => {
  const rule = "Cannot read a.safetensors: __metadata__ must map strings to strings, got ";
  refuses({ __metadata__: { a: 1 } }, 0, `${rule}{"a":1}`);
  refuses({ __metadata__: ["a"] }, 0, `${rule}["a"]`);
  refuses({ __metadata__: null }, 0, `${rule}null`);
});

Deno.test("parseHeader() refuses malformed entries and names the tensor", () => {
  const malformed = (entry: unknown, rule: string) =>
    refuses({ w: entry }, 4, `Cannot read tensor w of a.safetensors: ${rule}`);
  const good = { dtype: "F32", shape: [1], data_offsets: [0, 4] };
  malformed(7, "its header entry must be an object, got 7");
  for (const dtype of [32, null, undefined]) {
    malformed({ ...good, dtype }, "dtype must be a string");
  }
  for (const shape of [[-1], [0.5], ["1"], 1, undefined, [1e300]]) {
    malformed({ ...good, shape }, "shape must be a list of integers of 0 or more");
  }
  for (const data_offsets of [[0], [0, 2, 4], [4, 0], [-4, 0], [0, 4.5], "04", undefined]) {
    const rule = "data_offsets must be two ascending integers of 0 or more";
    malformed({ ...good, data_offsets }, rule);
  }
  malformed({ ...good, shape: [2] }, "F32 of shape [2] must take 8 bytes, got 4");
  malformed({ ...good, shape: [0, 2 ** 52, 2 ** 52] }, "F32 of shape [0,");
});

Deno.test("parseHeader() refuses overlaps, gaps and bytes outside of the file", () => {
  const header = { a: bytes(0, 2), b: bytes(2, 4) };
  const dataStart = 8 + JSON.stringify(header).length;
  refuses(
    { ...header, b: bytes(1, 4) },
    4,
    "Cannot read tensor b of a.safetensors: it must not overlap another, so begin at byte " +
      `${dataStart + 2}, got ${dataStart + 1}`,
  );
  refuses(
    { ...header, b: bytes(3, 4) },
    4,
    "Cannot read tensor b of a.safetensors: no gap may precede it, so it must begin at byte " +
      `${dataStart + 2}, got ${dataStart + 3}`,
  );
  refuses(
    header,
    3,
    `Cannot read tensor b of a.safetensors: it must end within the file's ${dataStart + 3} bytes` +
      `, got ${dataStart + 4}`,
  );
  refuses(
    header,
    5,
    `Cannot read a.safetensors: the file must end at byte ${dataStart + 4}, got ${dataStart + 5}`,
  );
  refuses({ a: bytes(2 ** 53 - 3, 2 ** 53 - 1) }, 2, "no gap may precede it");
});

Deno.test("parseHeaderLength() reads a little-endian integer", () => {
  const start = Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0);
  assertEquals(parseHeaderLength(start, 264, "a.safetensors"), 256);
});

Deno.test("parseHeaderLength() accepts headers up to a mebibyte, and longer ones of as much data", () => {
  for (const [bytes, data] of [[1_048_576, 0], [1_048_577, 1_048_577], [100_000_000, 1e9]]) {
    const start = new Uint8Array(BigUint64Array.of(BigInt(bytes)).buffer);
    assertEquals(parseHeaderLength(start, 8 + bytes + data, "a.safetensors"), bytes);
  }
});

Deno.test("parseHeaderLength() refuses short files and long headers", () => {
  const refuses = (start: Uint8Array, fileSize: number, rule: string) =>
    assertThrows(
      () => parseHeaderLength(start, fileSize, "a.safetensors"),
      InputError,
      `Cannot read a.safetensors: ${rule}`,
    );
  const length = (value: bigint) => new Uint8Array(BigUint64Array.of(value).buffer);
  refuses(new Uint8Array(7), 7, "the file must have at least 8 bytes, got 7");
  refuses(length(256n), 263, "the header must fit in 255 bytes, got 256");
  const tooLong = "the header must have at most 100000000 bytes, got ";
  refuses(length(100_000_001n), 1e12, `${tooLong}100000001`);
  refuses(length(2n ** 64n - 1n), 1e12, `${tooLong}18446744073709551615`);
  const outOfProportion = "a header of more than 1048576 bytes must be no longer than the data, ";
  refuses(length(90_000_000n), 90_000_008, `${outOfProportion}0, got 90000000`);
  refuses(length(1_048_577n), 8 + 2 * 1_048_576 + 1, `${outOfProportion}1048576, got 1048577`);
});

Deno.test("parseHeader() names the file even where a tensor's name is very long", () => {
  const name = "x".repeat(5000);
  refuses(
    { [name]: 1 },
    0,
    `Cannot read tensor ${"x".repeat(117)}... of a.safetensors: its header`,
  );
});
