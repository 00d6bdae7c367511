import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readGgufHeader } from "../../lib/io/gguf_header.ts";
import { ggufBytes, type SampleGguf, type SampleTensor } from "../../tools/fuzz/gguf_bytes.ts";
import { withFolder } from "./temporary_folder.ts";

/** Reads the header of a file of these bytes, or of this sample. */
async function read(sample: SampleGguf | Uint8Array) {
  let header: Awaited<ReturnType<typeof readGgufHeader>>;
  await withFolder(async (folder) => {
    const path = `${folder}/a.gguf`;
    await Deno.writeFile(path, sample instanceof Uint8Array ? sample : ggufBytes(sample));
    header = await readGgufHeader(path);
  });
  return header!;
}

async function refuses(sample: SampleGguf | Uint8Array, ...parts: string[]) {
  const { message } = await assertRejects(() => read(sample), InputError);
  const missing = ["a.gguf", ...parts].filter((part) => !message.includes(part));
  assertEquals(missing, [], message);
}

const floats: SampleTensor = { name: "a", shape: [2, 3], type: 0, data: new Uint8Array(24) };

Deno.test("readGgufHeader() places the tensors in the file, in PyTorch's order of dimensions", async () => {
  const blocks = { name: "b", shape: [2, 64], type: 3, data: new Uint8Array(80) };
  const sample = { metadata: { key: ["u8", 1] as ["u8", number] }, tensors: [floats, blocks] };
  const { tensors } = await read(sample);
  const dataStart = ggufBytes(sample).length - 32 - 96;
  assertEquals([...tensors], [
    ["a", { dtype: "F32", shape: [2, 3], offset: dataStart, byteLength: 24 }],
    ["b", { dtype: "Q4_1", shape: [2, 64], offset: dataStart + 32, byteLength: 80 }],
  ]);
});

Deno.test("readGgufHeader() reads a vocabulary alone, and one longer than it reads at first", async () => {
  const tokens = Array.from({ length: 9000 }, (_, token) => `${token} `.repeat(100));
  const { metadata } = await read({ metadata: { tokens: ["string[]", tokens] } });
  assertEquals(metadata.get("tokens"), tokens);
});

Deno.test("readGgufHeader() refuses what is no GGUF file of version 3", async () => {
  await refuses(new TextEncoder().encode("PK\x03\x04, something else"), "begin with GGUF");
  await refuses(new Uint8Array(0), "must end by byte 0");
  await refuses({ version: 2 }, "its version of GGUF must be 3, got 2");
  await refuses({ version: 0x03000000 }, "must be little-endian, not big-endian");
});

Deno.test("readGgufHeader() refuses counts that the file has no room for, at once", async () => {
  await refuses({ tensorCount: 2n ** 60n }, "the number of tensors must be at most 0, got 11529");
  await refuses({ keyCount: 2n ** 63n }, "the number of keys must be at most 0");
  const bytes = (metadata: SampleGguf["metadata"], at: number) => {
    const changed = ggufBytes({ metadata });
    new DataView(changed.buffer).setBigUint64(at, 2n ** 62n, true);
    return changed;
  };
  const value = 24 + 8 + 1 + 4;
  await refuses(bytes({ a: ["string", "long"] }, value), "bytes of a string must be at most");
  const elements = "the number of elements of an array must be at most";
  await refuses(bytes({ a: ["u8[]", [1, 2]] }, value + 4), elements);
  await refuses(bytes({ a: ["string[]", ["a"]] }, value + 4), elements);
});

Deno.test("readGgufHeader() refuses a value that is not what its type says, by its key", async () => {
  const bytes = ggufBytes({ metadata: { "x.y": ["bool", true] } });
  bytes[24 + 8 + 3 + 4] = 2;
  await refuses(bytes, "read x.y of", "true or false must be the byte 1 or 0, got 2");
});

Deno.test("readGgufHeader() refuses keys and tensors that are there twice", async () => {
  const bytes = ggufBytes({ metadata: { a: ["u8", 1], b: ["u8", 1] } });
  bytes[bytes.indexOf("b".charCodeAt(0), 30)] = "a".charCodeAt(0);
  await refuses(bytes, "it must not repeat a key, got", "a");
  await refuses({ tensors: [floats, floats] }, "it must not repeat a tensor");
});

Deno.test("readGgufHeader() refuses a part of a split file", async () => {
  await refuses({ metadata: { "split.count": ["u16", 3] } }, "split.count must be 1", "--merge");
  assertEquals((await read({ metadata: { "split.count": ["u16", 1] } })).metadata.size, 1);
});

Deno.test("readGgufHeader() refuses tensors that do not lie in the file, each in its place", async () => {
  const named = (changes: Partial<SampleTensor>) => ({ tensors: [{ ...floats, ...changes }] });
  const tensor = "read tensor a of";
  await refuses(named({ data: new Uint8Array(0) }), tensor, "it must end within the file's ");
  await refuses(named({ offset: 64 }), tensor, "it must end within the file's ");
  await refuses(named({ offset: 4 }), tensor, "its offset must be a multiple of 32, got 4");
  await refuses(named({ shape: [2, 0] }), tensor, "its dimensions must be positive");
  await refuses(named({ shape: [2 ** 40, 2 ** 40] }), tensor, "its dimensions must be positive");
  await refuses(named({ shape: [1, 1, 1, 2, 3] }), tensor, "at most 4 dimensions, got 5");
  await refuses(named({ type: 4 }), tensor, "its type must be one that ggml names, got 4");
  await refuses(
    named({ shape: [4, 16], type: 2 }),
    tensor,
    "rows of Q4_0 must be a multiple of 32",
  );
  const other = { ...floats, name: "b", offset: 0 };
  await refuses({ tensors: [floats, other] }, "read tensor b of", "must not overlap another");
});

Deno.test("readGgufHeader() takes another alignment if it is a power of two", async () => {
  const align = (bytes: number): SampleGguf => ({
    metadata: { "general.alignment": ["u32", bytes] },
    tensors: [floats],
  });
  assertEquals((await read(align(8))).tensors.get("a")!.offset % 8, 0);
  for (const bytes of [0, 24, 2 ** 31]) await refuses(align(bytes), "must be a power of two");
});
