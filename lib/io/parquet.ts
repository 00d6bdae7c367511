import { parquetMetadataAsync, parquetReadObjects, parquetSchema } from "npm:hyparquet@1.33.0";
import { counted, InputError, refuse, require } from "../core/mod.ts";
import { openPieces } from "./file_pieces.ts";
import { type RowOptions, type Rows, textColumn } from "./rows.ts";

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
  const file = {
    byteLength: pieces.size,
    async slice(start: number, end = pieces.size) {
      return (await pieces.read(start, Math.max(0, end - start), action)).buffer;
    },
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    const names = parquetSchema(metadata).children.map(({ element }) => element.name);
    const column = textColumn(names, path, asked);
    const length = Math.min(Number(metadata.num_rows), limit);
    const rows = await parquetReadObjects({ file, metadata, columns: [column], rowEnd: length });
    require(rows.length === length, action, `it must have ${counted(length, "row")}`, rows.length);
    const isText = (row: Record<string, unknown>) => typeof row[column] === "string";
    const strange = rows.findIndex((row) => !isText(row));
    require(strange < 0, action, `row ${strange} must have a text in ${column}`);
    return { length, text: (index) => rows[index][column] };
  } catch (error) {
    if (error instanceof InputError) throw error;
    refuse(action, "it must be a Parquet file, plain or with Snappy", (error as Error).message);
  }
}
