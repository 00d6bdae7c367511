import type { CompressionCodec, PageHeader } from "npm:hyparquet@1.33.0";
import { parquetHeader } from "npm:hyparquet@1.33.0/src/column.js";
import { decompressPage } from "npm:hyparquet@1.33.0/src/datapage.js";
import { refuse, require } from "../core/mod.ts";
import { decodeText } from "./files.ts";
import { readRuns } from "./parquet_runs.ts";

/** A column of texts in a group of rows. */
export interface ParquetChunk {
  /** The file, for messages. */
  path: string;
  column: string;
  /** Its pages, one after the other. */
  bytes: Uint8Array<ArrayBuffer>;
  codec: CompressionCodec;
  /** Whether texts may be missing; then one that is is refused. */
  isOptional: boolean;
  /** How many rows of the file are in front of it. */
  firstRow: number;
  /** How many it has itself. */
  rows: number;
}

/** A page as it is used. */
interface Page {
  header: PageHeader;
  /** Decompressed. */
  bytes: Uint8Array;
}

/** Snappy's longest copy makes 64 bytes of three. */
const mostSnappy = 64 / 3;

/**
 * Reads texts of a column, page by page: plain, or as places in a dictionary.
 *
 * @param limit At most so many, the first ones.
 * @throws {InputError} If one is missing, or the pages are not what their headers say.
 */
export function readChunk(chunk: ParquetChunk, limit: number): string[] {
  const action = `read ${chunk.path}`;
  const view = new DataView(chunk.bytes.buffer, chunk.bytes.byteOffset, chunk.bytes.byteLength);
  const reader = { view, offset: 0 };
  const texts: string[] = [];
  let dictionary: string[] | undefined;
  const wanted = Math.min(chunk.rows, limit);
  while (texts.length < wanted) {
    require(reader.offset < view.byteLength, action, "its pages must have all of its rows");
    const header = parquetHeader(reader);
    const size = header.compressed_page_size;
    const end = reader.offset + size;
    const fits = isNatural(size) && end <= view.byteLength;
    require(fits, action, "a page must end within its column", size);
    const page = { header, bytes: chunk.bytes.subarray(reader.offset, end) };
    reader.offset = end;
    if (header.type === "DICTIONARY_PAGE") {
      const { num_values: count } = header.dictionary_page_header!;
      dictionary = plainTexts(decompressed(page, chunk, action), count, chunk);
    } else {
      const firstRow = chunk.firstRow + texts.length;
      const left = chunk.rows - texts.length;
      for (const text of textsOf(page, { ...chunk, firstRow, rows: left }, dictionary)) {
        texts.push(text);
      }
    }
  }
  return texts.slice(0, wanted);
}

function textsOf(page: Page, chunk: ParquetChunk, dictionary?: string[]): string[] {
  const action = `read ${chunk.path}`;
  const { data_page_header: first, data_page_header_v2: second, type } = page.header;
  const own = (type === "DATA_PAGE" ? first : type === "DATA_PAGE_V2" ? second : undefined) ??
    refuse(action, "a page must be of data or a dictionary", type ?? null);
  const { num_values: count, encoding } = own;
  const fits = isNatural(count) && count <= chunk.rows;
  require(fits, action, `a page must have at most the ${chunk.rows} rows that are left`, count);
  const { levels, values } = type === "DATA_PAGE"
    ? firstParts(decompressed(page, chunk, action), chunk)
    : secondParts(page, chunk);
  if (levels) {
    const missing = readRuns(levels, 1, count, action).indexOf(0);
    const rule = `row ${chunk.firstRow + missing} must have a text in ${chunk.column}`;
    require(missing < 0, action, rule);
  }
  if (encoding === "PLAIN") return plainTexts(values, count, chunk);
  const isListed = encoding === "PLAIN_DICTIONARY" || encoding === "RLE_DICTIONARY";
  const rule = "its texts must be PLAIN or in a dictionary to be read here";
  require(isListed && dictionary !== undefined, action, rule, encoding ?? null);
  if (count === 0) return [];
  require(values.length > 0, action, "a page must not break off");
  const places = readRuns(values.subarray(1), values[0], count, action);
  const beyond = places.find((place) => place >= dictionary.length);
  require(beyond === undefined, action, `a dictionary must have its places`, beyond);
  return Array.from(places, (place) => dictionary[place]);
}

/** What tells which rows have a text, and the texts. */
interface PageParts {
  levels?: Uint8Array;
  values: Uint8Array;
}

/** Of pages of the first kind, whose levels are behind their length. */
function firstParts(bytes: Uint8Array, { isOptional, path }: ParquetChunk): PageParts {
  if (!isOptional) return { values: bytes };
  const length = lengthAt(bytes, 0, path);
  return { levels: bytes.subarray(4, 4 + length), values: bytes.subarray(4 + length) };
}

/** Of pages of the second kind, whose levels are in front and not compressed. */
function secondParts({ header, bytes }: Page, chunk: ParquetChunk): PageParts {
  const action = `read ${chunk.path}`;
  const {
    repetition_levels_byte_length: none,
    definition_levels_byte_length: length,
    is_compressed: isCompressed,
  } = header.data_page_header_v2!;
  const fits = none === 0 && isNatural(length) && length <= bytes.length;
  require(fits, action, "the levels of a page must end within it", [none, length]);
  const size = header.uncompressed_page_size - length;
  const rest = {
    header: { ...header, uncompressed_page_size: size },
    bytes: bytes.subarray(length),
  };
  const codec = isCompressed === false || size === 0 ? "UNCOMPRESSED" : chunk.codec;
  const values = decompressed(rest, { ...chunk, codec }, action);
  return { levels: chunk.isOptional ? bytes.subarray(0, length) : undefined, values };
}

function decompressed(
  { header: { uncompressed_page_size: size }, bytes }: Page,
  { codec }: Pick<ParquetChunk, "codec">,
  action: string,
): Uint8Array {
  const fits = isNatural(size) && (codec !== "SNAPPY" || size <= mostSnappy * bytes.length);
  require(fits, action, `a page of ${bytes.length} bytes must not be so large`, size);
  return decompressPage(bytes, size, codec, undefined);
}

/** Texts, each behind its length. */
function plainTexts(bytes: Uint8Array, count: number, { path }: ParquetChunk): string[] {
  const most = Math.floor(bytes.length / 4);
  const fits = isNatural(count) && count <= most;
  require(fits, `read ${path}`, `a page of so few bytes must have at most ${most} texts`, count);
  const texts: string[] = [];
  let at = 0;
  while (texts.length < count) {
    const length = lengthAt(bytes, at, path);
    texts.push(decodeText(bytes.subarray(at + 4, at + 4 + length), path, "text of a row"));
    at += 4 + length;
  }
  return texts;
}

/** The length that stands at a place, of what must be there behind it. */
function lengthAt(bytes: Uint8Array, at: number, path: string): number {
  const broken = "a page must not break off";
  require(at + 4 <= bytes.length, `read ${path}`, broken);
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  require(length <= bytes.length - at - 4, `read ${path}`, broken, length);
  return length;
}

function isNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && value as number >= 0;
}
