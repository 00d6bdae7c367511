import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { readZipEnd } from "../../lib/io/zip_end.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import { zipBytes } from "../../tools/fuzz/torch_samples.ts";

const entry = { name: "a", bytes: Uint8Array.of(1, 2, 3) };
/** Of this entry and its header, and of what the directory says of it. */
const [entryBytes, listedBytes] = [30 + 1 + 3 + 3, 46 + 1];

/** A file's end, with a byte changed at a place counted from the end of the file. */
async function endOf(file: Uint8Array, change?: { before: number; byte: number }) {
  const bytes = file.slice();
  if (change) bytes[bytes.length - change.before] = change.byte;
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, bytes);
    return await readZipEnd(await openPieces(path));
  } catch (error) {
    if (error instanceof InputError) throw new InputError(error.message.replaceAll(path, "FILE"));
    throw error;
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readZipEnd() finds the directory, in zip64 too", async () => {
  const expected = { count: 1, offset: entryBytes, size: listedBytes };
  assertEquals({ ...await endOf(zipBytes([entry])) }, expected);
  const wide = await endOf(zipBytes([{ ...entry, wide: true }]));
  assertEquals({ ...wide }, { ...expected, size: listedBytes + 28 });
  assertEquals((await endOf(zipBytes([]))).count, 0);
});

Deno.test("readZipEnd() refuses a file that ends in another way", async () => {
  const refuses = async (
    file: Uint8Array,
    rule: string,
    change?: { before: number; byte: number },
  ) => void await assertRejects(() => endOf(file, change), InputError, `Cannot read FILE: ${rule}`);
  const plain = zipBytes([entry]);
  const wide = zipBytes([{ ...entry, wide: true }]);
  const end = "a zip archive must be whole: end with the record of its end, without a comment";
  await refuses(new Uint8Array(), end);
  await refuses(plain.slice(0, -1), end);
  await refuses(joined(plain, Uint8Array.of(0)), end);
  await refuses(plain, end, { before: 2, byte: 1 });
  await refuses(plain, "a zip archive must have one part", { before: 18, byte: 1 });
  await refuses(plain, "its zip directory must end at byte 84, got 85", { before: 6, byte: 38 });
  await refuses(wide, "the zip64 record of its end must stand in front", { before: 34, byte: 1 });
  await refuses(wide, "the zip64 record of its end must stand in front", { before: 98, byte: 1 });
  const agree = "the records at the end of a zip archive must agree";
  await refuses(wide, agree, { before: 10, byte: 2 });
  await refuses(wide, agree, { before: 6, byte: 2 });
});
