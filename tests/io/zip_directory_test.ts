import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { readZipDirectory } from "../../lib/io/zip_directory.ts";
import { type SampleEntry, zipBytes } from "../../tools/fuzz/torch_samples.ts";
import { withFolder } from "./temporary_folder.ts";

const a: SampleEntry = { name: "x/a", bytes: Uint8Array.of(1, 2, 3) };
const b: SampleEntry = { name: "x/é", bytes: Uint8Array.of(4, 5) };

/** The bytes of every entry of an archive. */
async function contents(path: string): Promise<Record<string, number[]>> {
  const pieces = await openPieces(path);
  const found: Record<string, number[]> = {};
  for (const [name, { offset, size }] of await readZipDirectory(pieces)) {
    found[name] = [...await pieces.read(offset, size, "read")];
  }
  return found;
}

async function refuses(bytes: Uint8Array, message: string): Promise<void> {
  await withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.bin`, bytes);
    const error = await assertRejects(() => contents(`${folder}/a.bin`), InputError);
    assertEquals(error.message.replaceAll(folder, "FOLDER"), message);
  });
}

/** The archive of `a` and `b` with some bytes changed; offsets from the start of the directory. */
function changed(at: number, ...bytes: number[]): Uint8Array {
  const archive = zipBytes([a, b]);
  archive.set(bytes, directoryStart + at);
  return archive;
}

const directoryStart = 30 + 3 + 3 + 3 + (30 + 4 + 3 + 2);

Deno.test("readZipDirectory() finds entries, also those that zip64 describes", () =>
  withFolder(async (folder) => {
    for (const wide of [false, true]) {
      await Deno.writeFile(`${folder}/a.bin`, zipBytes([{ ...a, wide }, b]));
      assertEquals(await contents(`${folder}/a.bin`), { "x/a": [1, 2, 3], "x/é": [4, 5] });
    }
  }));

Deno.test("readZipDirectory() finds nothing in an empty archive", () =>
  withFolder(async (folder) => {
    await Deno.writeFile(`${folder}/a.bin`, zipBytes([]));
    assertEquals(await contents(`${folder}/a.bin`), {});
  }));

Deno.test("readZipDirectory() refuses compressed, encrypted and repeated entries", async () => {
  const entry = "Cannot read entry x/a of FOLDER/a.bin";
  await refuses(
    zipBytes([{ ...a, method: 8 }]),
    `${entry}: it must be stored, which is method 0, not compressed, got 8`,
  );
  await refuses(changed(8, 1), `${entry}: its flags must be 8 and 2048 alone, got 2049`);
  await refuses(zipBytes([a, b, a]), `${entry}: no two entries may have one name`);
  await refuses(changed(20, 2), `${entry}: it must take as many bytes as it has, got [2,3]`);
});

Deno.test("readZipDirectory() refuses names that lead elsewhere", async () => {
  for (const name of ["../a", "x/../a", "/a", "x//a", "x/./a", "x/", "x\\a", "a\0"]) {
    const shown = name.replace("\0", "\\u{0}");
    await refuses(
      zipBytes([{ ...a, name }]),
      `Cannot read entry ${shown} of FOLDER/a.bin: its name must be a path within the archive`,
    );
  }
});

Deno.test("readZipDirectory() refuses entries that are not what their headers say", async () => {
  const says = "its header must say what the zip directory says";
  const entry = "Cannot read entry x/a of FOLDER/a.bin";
  await refuses(zipBytes([{ ...a, ownName: "x/b" }]), `${entry}: ${says}`);
  await refuses(zipBytes([{ ...a, ownName: "x/aa" }]), `${entry}: ${says}`);
  await refuses(zipBytes([{ ...a, at: 1 }]), `${entry}: ${says}`);
  const [shorter, longer] = [changed(20, 2, 0, 0, 0, 2), changed(20, 200, 0, 0, 0, 200)];
  await refuses(shorter, `${entry}: ${says}`);
  await refuses(longer, `${entry}: ${says}`);
});

Deno.test("readZipDirectory() refuses entries that overlap or reach into the directory", async () => {
  const bytes = zipBytes([{ name: "x/b", bytes: zipBytes([a]).subarray(0, 39) }]);
  // Points at the header of x/a inside the data of x/b.
  const inner = zipBytes([{ ...b, name: "x/b", bytes: bytes.subarray(36, 75) }, { ...a, at: 36 }]);
  await refuses(inner, "Cannot read entry x/a of FOLDER/a.bin: entries must not overlap, got 36");
  const rule = "its header must lie before the zip directory, got 5000";
  await refuses(zipBytes([{ ...a, at: 5000 }]), `Cannot read entry x/a of FOLDER/a.bin: ${rule}`);
  const past = zipBytes([{ ...a, wide: true }]);
  for (const at of [39 + 46 + 3 + 4, 39 + 46 + 3 + 12]) past[at] = 200; // both sizes in its zip64 field
  const own = "its header must say what the zip directory says";
  past.set([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 18);
  await refuses(
    past,
    "Cannot read entry x/a of FOLDER/a.bin: it must end before the zip directory, got 200",
  );
  past[18] = 7;
  await refuses(past, `Cannot read entry x/a of FOLDER/a.bin: ${own}`);
});

Deno.test("readZipDirectory() refuses a directory that is not as long as it says", async () => {
  const many = zipBytes([a, b]);
  many.set([3, 0, 3, 0], many.length - 14);
  await refuses(many, "Cannot read FOLDER/a.bin: its zip directory must have 3 entries, got 2");
  many.set([1, 0, 1, 0], many.length - 14);
  await refuses(many, "Cannot read FOLDER/a.bin: its zip directory must have 1 entry");
  await refuses(changed(30, 255), "Cannot read FOLDER/a.bin: its zip directory must not break off");
  const wide = zipBytes([{ ...a, wide: true }]);
  wide[39 + 46 + 3] = 2; // no longer the id of a zip64 field
  const rule = "numbers of 64 bits must stand in its zip64 field";
  await refuses(wide, `Cannot read entry x/a of FOLDER/a.bin: ${rule}`);
});
