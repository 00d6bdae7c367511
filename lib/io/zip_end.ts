import { require } from "../core/mod.ts";
import type { FilePieces } from "./file_pieces.ts";

/** Where the directory of a zip archive lies. */
export interface ZipEnd {
  /** Its entries. */
  readonly count: number;
  /** In bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

const signatures = { end: 0x06054b50, locator: 0x07064b50, wideEnd: 0x06064b50 };

/** In bytes. */
const endBytes = 22;
const locatorBytes = 20;
const wideEndBytes = 56;

/**
 * Reads the record at the end of a zip archive, and those in front of it that zip64 adds. There must be no
 * comment, of which other readers might make another end.
 *
 * @throws {InputError} If the file ends in another way, or the directory does not reach up to that end.
 */
export async function readZipEnd(pieces: FilePieces): Promise<ZipEnd> {
  const { path, size: fileSize } = pieces;
  const action = `read ${path}`;
  const start = Math.max(0, fileSize - endBytes - locatorBytes - wideEndBytes);
  const bytes = await pieces.read(start, fileSize - start, action);
  const view = new DataView(bytes.buffer);
  const at = bytes.length - endBytes;
  const isEnd = at >= 0 && view.getUint32(at, true) === signatures.end &&
    view.getUint16(at + 20, true) === 0;
  const whole = "a zip archive must be whole: end with the record of its end, without a comment";
  require(isEnd, action, whole);
  const narrow = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  const isOneDisk = view.getUint32(at + 4, true) === 0 &&
    view.getUint16(at + 8, true) === narrow.count;
  require(isOneDisk, action, "a zip archive must have one part");
  const locator = at - locatorBytes;
  const isWide = locator >= 0 && view.getUint32(locator, true) === signatures.locator;
  const end = isWide ? readWideEnd(view, locator, start, action) : narrow;
  const agrees = (field: keyof ZipEnd, most: number) =>
    narrow[field] === end[field] || isWide && narrow[field] === most;
  const areSame = agrees("count", 0xffff) && agrees("size", 0xffffffff) &&
    agrees("offset", 0xffffffff);
  require(areSame, action, "the records at the end of a zip archive must agree");
  const directoryEnd = start + (isWide ? locator - wideEndBytes : at);
  const rule = `its zip directory must end at byte ${directoryEnd}`;
  require(end.offset + end.size === directoryEnd, action, rule, end.offset + end.size);
  return end;
}

/** The record in front of the locator, of numbers of 64 bits. */
function readWideEnd(view: DataView, locator: number, start: number, action: string): ZipEnd {
  const at = locator - wideEndBytes;
  const number = (field: number) => Number(view.getBigUint64(field, true));
  const isThere = at >= 0 && number(locator + 8) === start + at &&
    view.getUint32(at, true) === signatures.wideEnd && number(at + 4) === wideEndBytes - 12;
  require(isThere, action, "the zip64 record of its end must stand in front of its locator");
  return { count: number(at + 32), size: number(at + 40), offset: number(at + 48) };
}
