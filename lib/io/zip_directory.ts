import { counted, require, shortened } from "../core/mod.ts";
import type { FilePieces } from "./file_pieces.ts";
import { decodeText } from "./files.ts";
import { readZipEnd } from "./zip_end.ts";

/** Where the bytes of an entry lie in the archive. */
export interface ZipEntry {
  readonly offset: number;
  readonly size: number;
}

/** What the central directory says of an entry. */
interface ListedEntry {
  name: string;
  nameBytes: Uint8Array;
  flags: number;
  size: number;
  headerOffset: number;
}

const signatures = { listed: 0x02014b50, local: 0x04034b50 };

/** In bytes, without the name and what else follows. */
const headerBytes = { listed: 46, local: 30 };

/** The longest central directory that is read, in bytes: an entry takes some hundred. */
const longestDirectory = 2 ** 22;

/** Names in UTF-8, and sizes that stand behind the entry instead of before it. */
const allowedFlags = 0x808;
const sizesBehind = 0x8;

/** Stands for a number that needs 64 bits. */
const saturated = 0xffffffff;

/**
 * Finds the entries of a zip archive that keeps them as they are, in zip64 where it is large. Stricter than
 * most readers, so that all read the same out of it: entries are neither compressed nor encrypted, have one
 * name each that leads nowhere else, do not overlap and are what their own headers say.
 *
 * @throws {InputError} If anything is amiss; the message names the file, and the entry if one is to blame.
 */
export async function readZipDirectory(
  pieces: FilePieces,
): Promise<ReadonlyMap<string, ZipEntry>> {
  const action = `read ${pieces.path}`;
  const { count, offset, size } = await readZipEnd(pieces);
  const rule = `its zip directory must have at most ${longestDirectory} bytes`;
  require(size <= longestDirectory, action, rule, size);
  const listed = parseDirectory(await pieces.read(offset, size, action), count, pieces.path);
  const entries = new Map<string, ZipEntry>();
  let end = 0;
  for (const each of listed.toSorted((a, b) => a.headerOffset - b.headerOffset)) {
    const named = entryOf(pieces.path, each.name);
    require(each.headerOffset >= end, named, "entries must not overlap", each.headerOffset);
    const data = await readLocalHeader(pieces, each, offset);
    require(data + each.size <= offset, named, "it must end before the zip directory", each.size);
    end = data + each.size;
    entries.set(each.name, { offset: data, size: each.size });
  }
  return entries;
}

function parseDirectory(bytes: Uint8Array, count: number, path: string): ListedEntry[] {
  const action = `read ${path}`;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const listed = new Map<string, ListedEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const isWhole = at + headerBytes.listed <= bytes.length &&
      view.getUint32(at, true) === signatures.listed;
    require(
      isWhole,
      action,
      `its zip directory must have ${counted(count, "entry", "entries")}`,
      i,
    );
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      view.getUint16(at + field, true)
    );
    const nameStart = at + headerBytes.listed;
    const end = nameStart + nameLength + extraLength + commentLength;
    require(end <= bytes.length, action, "its zip directory must not break off");
    const nameBytes = bytes.subarray(nameStart, nameStart + nameLength);
    const name = decodeText(nameBytes, path, "zip directory");
    const named = entryOf(path, name);
    require(isPlain(name), named, "its name must be a path within the archive");
    require(!listed.has(name), named, "no two entries may have one name");
    const flags = view.getUint16(at + 8, true);
    require((flags & ~allowedFlags) === 0, named, "its flags must be 8 and 2048 alone", flags);
    const method = view.getUint16(at + 10, true);
    require(method === 0, named, "it must be stored, which is method 0, not compressed", method);
    const extra = new DataView(view.buffer, nameBytes.byteOffset + nameLength, extraLength);
    const narrow = [24, 20, 42].map((field) => view.getUint32(at + field, true));
    const [size, stored, headerOffset] = widened(narrow, extra, named);
    require(stored === size, named, "it must take as many bytes as it has", [stored, size]);
    listed.set(name, { name, nameBytes, flags, size, headerOffset });
    at = end;
  }
  require(
    at === bytes.length,
    action,
    `its zip directory must have ${counted(count, "entry", "entries")}`,
  );
  return [...listed.values()];
}

/** Numbers of which some stand in the field of an entry that zip64 adds, in their order. */
function widened(numbers: number[], extra: DataView, action: string): number[] {
  if (!numbers.includes(saturated)) return numbers;
  for (let at = 0; at + 4 <= extra.byteLength;) {
    const [id, length] = [extra.getUint16(at, true), extra.getUint16(at + 2, true)];
    at += 4;
    const wanted = 8 * numbers.filter((number) => number === saturated).length;
    if (id === 1 && wanted <= length && at + wanted <= extra.byteLength) {
      return numbers.map((number) => {
        if (number !== saturated) return number;
        at += 8;
        return Number(extra.getBigUint64(at - 8, true));
      });
    }
    at += length;
  }
  require(false, action, "numbers of 64 bits must stand in its zip64 field");
}

/** Where the data of an entry begins, by the header in front of it, which must agree with the directory. */
async function readLocalHeader(
  pieces: FilePieces,
  { name, nameBytes, flags, size, headerOffset }: ListedEntry,
  limit: number,
): Promise<number> {
  const action = entryOf(pieces.path, name);
  const length = headerBytes.local + nameBytes.length;
  const fits = headerOffset + length <= limit;
  require(fits, action, "its header must lie before the zip directory", headerOffset);
  const header = await pieces.read(headerOffset, length, action);
  const view = new DataView(header.buffer);
  const numbers = [0, 4, 8].map((field) => view.getUint16(field + 6, true));
  const isSize = (given: number) =>
    given === size || given === saturated || (flags & sizesBehind) !== 0 && given === 0;
  const agrees = view.getUint32(0, true) === signatures.local &&
    numbers[0] === flags && view.getUint16(8, true) === 0 &&
    isSize(view.getUint32(18, true)) && isSize(view.getUint32(22, true)) &&
    view.getUint16(26, true) === nameBytes.length &&
    nameBytes.every((byte, i) => header[headerBytes.local + i] === byte);
  require(agrees, action, "its header must say what the zip directory says");
  return headerOffset + length + view.getUint16(28, true);
}

/** Whether a name leads neither out of the archive nor to one place by several spellings. */
function isPlain(name: string): boolean {
  return !/[\\\0]/.test(name) &&
    name.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function entryOf(path: string, name: string): string {
  return `read entry ${shortened(name)} of ${path}`;
}
