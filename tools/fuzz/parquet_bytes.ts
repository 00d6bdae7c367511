/** Parquet files of one column of texts, put together without a reader's help and without a check. */
import { joined } from "./mutations.ts";
import { littleEndian } from "./torch_samples.ts";

/** A struct of Thrift's compact protocol: numbers of fields in their order, and what they hold. */
export type Thrift = readonly (readonly [field: number, value: ThriftValue])[];

/** Lists are of structs, of texts or of 32-bit integers; integers have 64 bits where they are bigints. */
export type ThriftValue =
  | number
  | bigint
  | boolean
  | string
  | { struct: Thrift }
  | { list: readonly ThriftValue[] };

const utf8 = new TextEncoder();

/** Seven bits a byte, the lowest first. */
export function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); bytes.length === 0 || rest > 0n; rest >>= 7n) {
    bytes.push(Number(rest & 0x7fn) + (rest > 0x7fn ? 0x80 : 0));
  }
  return bytes;
}

/** The bytes of a struct. */
export function thriftBytes(fields: Thrift): number[] {
  let before = 0;
  const bytes = fields.flatMap(([field, value]) => {
    const step = (field - before) * 16;
    before = field;
    return [step + typeOf(value), ...(typeof value === "boolean" ? [] : valueBytes(value))];
  });
  return [...bytes, 0];
}

function typeOf(value: ThriftValue): number {
  if (typeof value === "boolean") return value ? 1 : 2;
  if (typeof value === "number") return 5;
  if (typeof value === "bigint") return 6;
  if (typeof value === "string") return 8;
  return "list" in value ? 9 : 12;
}

function valueBytes(value: Exclude<ThriftValue, boolean>): number[] {
  if (typeof value === "string") {
    const bytes = utf8.encode(value);
    return [...varint(bytes.length), ...bytes];
  }
  if (typeof value !== "object") return varint(zigzag(BigInt(value)));
  if ("struct" in value) return thriftBytes(value.struct);
  const { list } = value;
  const kind = list.length > 0 ? typeOf(list[0]) : 5;
  const items = list.flatMap((each) => valueBytes(each as Exclude<ThriftValue, boolean>));
  return [list.length < 15 ? list.length * 16 + kind : 0xf0 + kind, ...longLength(list), ...items];
}

function longLength({ length }: readonly unknown[]): number[] {
  return length < 15 ? [] : varint(length);
}

function zigzag(value: bigint): bigint {
  return value < 0n ? -2n * value - 1n : 2n * value;
}

/** Texts as PLAIN has them, each behind its length. */
export function plainTexts(...texts: string[]): Uint8Array {
  const parts = texts.map((text) => utf8.encode(text));
  return joined(...parts.flatMap((bytes) => [littleEndian([bytes.length, 4]), bytes]));
}

/** Levels of a page of the first kind, behind their length. */
export function levels(...bytes: number[]): Uint8Array {
  return joined(littleEndian([bytes.length, 4]), Uint8Array.from(bytes));
}

/** Numbers of Parquet's for kinds of pages and ways to write values. */
export const pageKinds = { data: 0, dictionary: 2, dataV2: 3 } as const;
export const encodings = { plain: 0, rle: 3, deltaLength: 6, dictionary: 8 } as const;

/** A page: what is special to its kind, and its bytes. */
export interface SamplePage {
  kind: number;
  own: readonly [field: number, value: { struct: Thrift }];
  bytes: Uint8Array;
  /** What the header says of it decompressed and as it is, if something else than its bytes take. */
  size?: number;
  compressedSize?: number;
}

/** A page with what its header says in front. */
export function pageBytes({ kind, own, bytes, size, compressedSize }: SamplePage): Uint8Array {
  const header: Thrift = [
    [1, kind],
    [2, size ?? bytes.length],
    [3, compressedSize ?? bytes.length],
    own,
  ];
  return joined(Uint8Array.from(thriftBytes(header)), bytes);
}

/** A page of the first kind. */
export function firstPage(count: number, encoding: number, bytes: Uint8Array): SamplePage {
  const { rle } = encodings;
  const struct: Thrift = [[1, count], [2, encoding], [3, rle], [4, rle]];
  return { kind: pageKinds.data, own: [5, { struct }], bytes };
}

/** A page of the second kind; the levels take so many bytes in front. */
export function secondPage(
  count: number,
  encoding: number,
  levels: number,
  bytes: Uint8Array,
): SamplePage {
  const struct: Thrift = [[1, count], [2, 0], [3, count], [4, encoding], [5, levels], [6, 0]];
  return { kind: pageKinds.dataV2, own: [8, { struct }], bytes };
}

export function dictionaryPage(count: number, bytes: Uint8Array): SamplePage {
  const struct: Thrift = [[1, count], [2, encodings.plain]];
  return { kind: pageKinds.dictionary, own: [7, { struct }], bytes };
}

/** A column `text` in groups of rows. */
export interface SampleParquet {
  isOptional: boolean;
  groups: readonly { rows: number; pages: readonly SamplePage[] }[];
}

/** The file; its metadata may be changed before they are written. */
export function parquetBytes(
  { isOptional, groups }: SampleParquet,
  change: (metadata: Thrift) => Thrift = (metadata) => metadata,
): Uint8Array {
  const magic = utf8.encode("PAR1");
  const data: Uint8Array[] = [magic];
  let end = magic.length;
  const rowGroups = groups.map(({ rows, pages }): ThriftValue => {
    const chunk = joined(...pages.map(pageBytes));
    const start = end;
    end += chunk.length;
    data.push(chunk);
    const length = BigInt(chunk.length);
    const dictionary = pages[0]?.kind === pageKinds.dictionary
      ? [[11, BigInt(start)] as const]
      : [];
    const meta: Thrift = [
      ...[[1, 6], [2, { list: [0, 3] }], [3, { list: ["text"] }], [4, 0]] as const,
      ...[[5, BigInt(rows)], [6, length], [7, length], [9, BigInt(start)]] as const,
      ...dictionary,
    ];
    const column: Thrift = [[2, BigInt(start)], [3, { struct: meta }]];
    return {
      struct: [[1, { list: [{ struct: column }] }], [2, length], [3, BigInt(rows)]],
    };
  });
  const rows = groups.reduce((sum, group) => sum + group.rows, 0);
  const root: Thrift = [[4, "schema"], [5, 1]];
  const text: Thrift = [[1, 6], [3, isOptional ? 1 : 0], [4, "text"], [6, 0]];
  const schema: ThriftValue = { list: [{ struct: root }, { struct: text }] };
  const metadata = Uint8Array.from(
    thriftBytes(change([[1, 1], [2, schema], [3, BigInt(rows)], [4, { list: rowGroups }]])),
  );
  return joined(...data, metadata, littleEndian([metadata.length, 4]), magic);
}
