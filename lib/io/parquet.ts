import {
  type ColumnMetaData,
  type FileMetaData,
  parquetMetadataAsync,
  parquetSchema,
} from "npm:hyparquet@1.33.0";
import { counted, InputError, refuse, require } from "../core/mod.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import { readChunk } from "./parquet_pages.ts";
import { type RowOptions, type Rows, textColumn } from "./rows.ts";

/** Far above any file of a data set; a few bytes may stand for so many rows that are alike. */
const mostRows = 2 ** 24;

/**
 * Reads a column of texts from a Parquet file, plain or compressed by Snappy.
 *
 * @throws {InputError} If the file cannot be read, is no such file or has no such column.
 */
export async function readParquet(
  path: string,
  { column: asked, limit = Infinity }: RowOptions = {},
): Promise<Rows> {
  const action = `read ${path}`;
  const pieces = await openPieces(path);
  try {
    const metadata = await readMetadata(pieces);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const column = textColumn(names, path, asked);
    const length = Math.min(Number(metadata.num_rows), limit);
    const rule = `it must have 0..${mostRows} rows`;
    require(length >= 0 && length <= mostRows, action, rule, length);
    const texts = await readTexts(pieces, metadata, column, length);
    require(
      texts.length === length,
      action,
      `it must have ${counted(length, "row")}`,
      texts.length,
    );
    return { length, text: (index) => texts[index] };
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse(action, "it must be a Parquet file, plain or with Snappy", (error as Error).message);
  }
}

async function readMetadata(pieces: FilePieces): Promise<FileMetaData> {
  const { path, size } = pieces;
  const file = {
    byteLength: size,
    async slice(start: number, end = size) {
      return (await pieces.read(start, Math.max(0, end - start), `read ${path}`)).buffer;
    },
  };
  return await parquetMetadataAsync(file, { geoparquet: false });
}

/** The first texts of a column, so many or as many as there are. */
async function readTexts(
  pieces: FilePieces,
  metadata: FileMetaData,
  column: string,
  length: number,
): Promise<string[]> {
  const { path, size } = pieces;
  const action = `read ${path}`;
  const { element, children } = parquetSchema(metadata).children
    .find(({ element }) => element.name === column)!;
  const isText = element.type === "BYTE_ARRAY" && children.length === 0 &&
    element.repetition_type !== "REPEATED";
  require(isText || length === 0, action, `row 0 must have a text in ${column}`);
  const texts: string[] = [];
  for (const { columns, num_rows: rows } of metadata.row_groups) {
    if (texts.length >= length) break;
    const own = columns.find(({ meta_data: each }) => each?.path_in_schema.join() === column);
    const chunk = own?.meta_data ?? refuse(action, `every group of rows must have ${column}`);
    const [start, bytes] = placeOf(chunk);
    const fits = start >= 0 && bytes >= 0 && start + bytes <= size;
    require(fits, action, `${column} must end within the file's ${counted(size, "byte")}`, start);
    const read = readChunk({
      ...{ path, column, codec: chunk.codec, firstRow: texts.length, rows: Number(rows) },
      bytes: await pieces.read(start, bytes, action),
      isOptional: element.repetition_type === "OPTIONAL",
    }, length - texts.length);
    for (const text of read) texts.push(text);
  }
  return texts;
}

/** Where the pages of a column begin, those of its dictionary first, and how many bytes they take. */
function placeOf(chunk: ColumnMetaData): [start: number, bytes: number] {
  const { dictionary_page_offset: dictionary, data_page_offset: data } = chunk;
  return [Number(dictionary || data), Number(chunk.total_compressed_size)];
}
