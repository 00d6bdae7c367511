import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { openSafetensors, SafetensorsFile, writeAtomically } from "../../lib/io/mod.ts";
import { safetensorsBytes, withFolder } from "./temporary_folder.ts";

/** What reading a tensor of each dtype gives. */
const everyDtype = {
  F64: new Float64Array([1 / 3, -Infinity]),
  F32: new Float32Array([0.1, -0]),
  F16: new Float16Array([2 ** -24, -65504]),
  BF16: new Uint16Array([0x3f80, 0xff80]),
  I64: new BigInt64Array([-(2n ** 63n), 2n ** 53n + 1n]),
  I32: new Int32Array([-(2 ** 31), 7]),
  I16: new Int16Array([-32768, 7]),
  I8: new Int8Array([-128, 7]),
  U8: new Uint8Array([255, 7]),
  BOOL: new Uint8Array([1, 0]),
};

const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
const data: number[] = [];
for (const [dtype, values] of Object.entries(everyDtype)) {
  const begin = data.length;
  data.push(...new Uint8Array(values.buffer));
  header[dtype] = { dtype, shape: [values.length], data_offsets: [begin, data.length] };
}
const everyDtypeFile = safetensorsBytes(header, data);

Deno.test("openSafetensors() gives metadata, shapes and tensors of every dtype", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeAtomically(path, everyDtypeFile);
    const file = await openSafetensors(path);
    assertEquals(file.path, path);
    assertEquals(file.metadata, { format: "pt" });
    assertEquals([...file.tensors.keys()], Object.keys(everyDtype));
    for (const [dtype, values] of Object.entries(everyDtype)) {
      const tensor: unknown = await file.read(dtype);
      assertEquals(tensor, { dtype, shape: [2], data: values });
    }
  }));

Deno.test("SafetensorsFile refuses to read an element type it does not know, and reads the rest", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const header = {
      counter: { dtype: "U64", shape: [1], data_offsets: [0, 8] },
      weight: { dtype: "F16", shape: [1], data_offsets: [8, 10] },
    };
    await writeAtomically(path, safetensorsBytes(header, [7, 0, 0, 0, 0, 0, 0, 0, 0, 0x3c]));
    const file = await openSafetensors(path);
    assertEquals((await file.read("weight")).data, Float16Array.of(1));
    await assertRejects(
      () => file.read("counter"),
      InputError,
      `Cannot read tensor counter of ${path}: dtype must be one of F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL, got "U64"`,
    );
  }));

Deno.test("SafetensorsFile.read() refuses a tensor that no memory holds", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const bytes = 2 ** 52; // of a sparse file: 4 PiB
    const tensor = { dtype: "U8", shape: [bytes], offset: 8, byteLength: bytes };
    await writeAtomically(path, "12345678");
    const header = { metadata: {}, tensors: new Map([["huge", tensor]]) };
    const file = new SafetensorsFile(await openPieces(path), header);
    await assertRejects(
      () => file.read("huge"),
      InputError,
      `Cannot read tensor huge of ${path}: its bytes must fit into memory, got ${bytes}`,
    );
  }));

Deno.test("SafetensorsFile.read() gives the same to many readers at once", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeAtomically(path, everyDtypeFile);
    const file = await openSafetensors(path);
    const names = Object.keys(everyDtype).reverse();
    const tensors = await Promise.all(names.map((name) => file.read(name)));
    assertEquals(tensors.map(({ dtype }) => dtype as string), names);
    const found: unknown[] = tensors.map(({ data }) => data);
    assertEquals(found, Object.values(everyDtype).reverse());
  }));

Deno.test("SafetensorsFile.read() refuses an unknown name", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeAtomically(path, everyDtypeFile);
    const file = await openSafetensors(path);
    await assertRejects(
      () => file.read("toString"),
      InputError,
      `Cannot read tensor toString of ${path}: the file must have it`,
    );
  }));

Deno.test("SafetensorsFile.read() refuses a file that changed after it was opened", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const refused = async (change: () => Promise<void>, rule: string) => {
      await writeAtomically(path, everyDtypeFile);
      const file = await openSafetensors(path);
      await file.read("U8");
      await change();
      await assertRejects(() => file.read("U8"), InputError, `Cannot read ${path}: ${rule}`);
    };
    const unchanged = "the file must not change while it is read";
    await refused(() => Deno.truncate(path, everyDtypeFile.length - 1), unchanged);
    await refused(() => Deno.utime(path, 1, 1), unchanged);
    await refused(() => Deno.remove(path), "the file must exist");
  }));

Deno.test("openSafetensors() refuses a missing file, a folder and every truncation", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    const missing = `Cannot read ${path}: the file must exist`;
    await assertRejects(() => openSafetensors(path), InputError, missing);
    const isFolder = `Cannot read ${folder}: it must be a file, not a folder or device`;
    await assertRejects(() => openSafetensors(folder), InputError, isFolder);
    for (let size = 0; size < everyDtypeFile.length; size += 3) {
      await writeAtomically(path, everyDtypeFile.subarray(0, size));
      await assertRejects(() => openSafetensors(path), InputError, `${path}: `);
    }
  }));

/** Whether a file can be read throughout or is refused; any error but InputError fails. */
async function isReadable(path: string): Promise<boolean> {
  try {
    const file = await openSafetensors(path);
    for (const [name, { shape }] of file.tensors) {
      const count = shape.reduce((product, dimension) => product * dimension, 1);
      assertEquals((await file.read(name)).data.length, count);
    }
    return true;
  } catch (error) {
    assertInstanceOf(error, InputError);
    return false;
  }
}

const arbitraryJson = fc.json({ maxDepth: 4 });
const arbitraryBytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.tuple(arbitraryJson, fc.uint8Array({ maxLength: 20 }))
    .map(([json, data]) => safetensorsBytes(json, data)),
  fc.tuple(arbitraryJson, fc.constantFrom(...Object.keys(header)))
    .map(([json, name]) => safetensorsBytes({ ...header, [name]: JSON.parse(json) }, data)),
);
const mutations = fc.array(
  fc.record({
    at: fc.nat(everyDtypeFile.length - 1),
    byte: fc.oneof(fc.nat(255), fc.constantFrom(...'{}[]",:-.0129eE'.split("")).map(codeOf)),
  }),
  { minLength: 1, maxLength: 4 },
);

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

Deno.test("openSafetensors() reads or refuses arbitrary bytes", () =>
  withFolder(async (folder) => {
    await fc.assert(
      fc.asyncProperty(arbitraryBytes, async (bytes) => {
        await writeAtomically(`${folder}/a.safetensors`, bytes);
        await isReadable(`${folder}/a.safetensors`);
      }),
      { numRuns: 300 },
    );
  }));

Deno.test("openSafetensors() reads or refuses files with some bytes changed", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.safetensors`;
    await writeAtomically(path, everyDtypeFile);
    assertEquals(await isReadable(path), true);
    await fc.assert(
      fc.asyncProperty(mutations, async (changes) => {
        const bytes = everyDtypeFile.slice();
        for (const { at, byte } of changes) bytes[at] = byte;
        await writeAtomically(path, bytes);
        await isReadable(path);
      }),
      { numRuns: 300 },
    );
  }));
