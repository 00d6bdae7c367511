/** A value of GGUF's metadata by its type: an array's is `[]` behind that of its elements. */
export type SampleValue =
  | ["u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "u64" | "i64" | "f64", number]
  | ["bool", boolean]
  | ["string", string]
  | [`${string}[]`, readonly (number | string | boolean)[]];

/** A tensor of a GGUF file, its data where the one before it ends unless an offset is given. */
export interface SampleTensor {
  name: string;
  /** In PyTorch's order. */
  shape: readonly number[];
  /** GGUF's number for it. */
  type: number;
  data: Uint8Array;
  offset?: number;
}

/** A GGUF file. */
export interface SampleGguf {
  metadata?: Readonly<Record<string, SampleValue>>;
  tensors?: readonly SampleTensor[];
  version?: number;
  /** What the header says, if something else than is there. */
  tensorCount?: bigint;
  keyCount?: bigint;
}

const types = "u8 i8 u16 i16 u32 i32 f32 bool string array u64 i64 f64".split(" ");
const alignment = 32;

/**
 * The bytes of a GGUF file, one piece after the other, put together without a reader's help and
 * without a check.
 */
export function ggufParts(
  { metadata = {}, tensors = [], version = 3, tensorCount, keyCount }: SampleGguf,
): Uint8Array[] {
  const pairs = Object.entries(metadata);
  const header = [
    new TextEncoder().encode("GGUF"),
    ...scalar("u32", version),
    ...scalar("u64", tensorCount ?? tensors.length),
    ...scalar("u64", keyCount ?? pairs.length),
    ...pairs.flatMap(([key, [type, value]]) => [...text(key), ...typedValue(type, value)]),
  ];
  const data: Uint8Array[] = [];
  let end = 0;
  for (const { name, shape, type, data: bytes, offset } of tensors) {
    const dimensions = shape.toReversed().flatMap((size) => scalar("u64", size));
    header.push(...text(name), ...scalar("u32", shape.length), ...dimensions);
    header.push(...scalar("u32", type), ...scalar("u64", offset ?? end));
    data.push(bytes, padding(bytes.length));
    end += Math.ceil(bytes.length / alignment) * alignment;
  }
  const length = header.reduce((sum, part) => sum + part.length, 0);
  return [...header, padding(length), ...data];
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & (alignment - 1));
}

function typedValue(type: string, value: SampleValue[1]): Uint8Array[] {
  if (!Array.isArray(value)) {
    return [...scalar("u32", types.indexOf(type)), ...scalar(type, value as number)];
  }
  const element = type.slice(0, -2);
  return [
    ...["array", element].flatMap((each) => scalar("u32", types.indexOf(each))),
    ...scalar("u64", value.length),
    ...value.flatMap((each) => scalar(element, each)),
  ];
}

function text(value: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(value);
  return [...scalar("u64", bytes.length), bytes];
}

function scalar(type: string, value: number | bigint | boolean | string): Uint8Array[] {
  if (type === "string") return text(value as string);
  const view = new DataView(new ArrayBuffer(8));
  const write: Record<string, (() => number)> = {
    u8: () => (view.setUint8(0, Number(value)), 1),
    i8: () => (view.setInt8(0, Number(value)), 1),
    bool: () => (view.setUint8(0, Number(value)), 1),
    u16: () => (view.setUint16(0, Number(value), true), 2),
    i16: () => (view.setInt16(0, Number(value), true), 2),
    u32: () => (view.setUint32(0, Number(value), true), 4),
    i32: () => (view.setInt32(0, Number(value), true), 4),
    f32: () => (view.setFloat32(0, Number(value), true), 4),
    u64: () => (view.setBigUint64(0, BigInt(value), true), 8),
    i64: () => (view.setBigInt64(0, BigInt(value), true), 8),
    f64: () => (view.setFloat64(0, Number(value), true), 8),
  };
  return [new Uint8Array(view.buffer, 0, write[type]())];
}
