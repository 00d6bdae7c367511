/** Files as torch.save writes them, made byte by byte, and so that any byte may be another one. */
import { joined } from "./mutations.ts";

const utf8 = new TextEncoder();

/** Integers, the lowest byte first: pairs of a value and how many bytes it takes. */
export function littleEndian(...pairs: [value: number | bigint, bytes: number][]): Uint8Array {
  return joined(
    ...pairs.map(([value, bytes]) =>
      Uint8Array.from({ length: bytes }, (_, i) => Number(BigInt(value) >> BigInt(8 * i) & 0xffn))
    ),
  );
}

/** An entry of a zip archive. */
export interface SampleEntry {
  name: string;
  bytes: Uint8Array;
  /** 0, stored, unless given. */
  method?: number;
  /** Zip64 fields in the directory. */
  wide?: boolean;
  /** Where the directory says that it begins, unless that is where it does. */
  at?: number;
  /** Its name in its own header, unless that is its name. */
  ownName?: string;
}

/** A zip archive; with a zip64 end if an entry is wide. */
export function zipBytes(entries: readonly SampleEntry[]): Uint8Array {
  const files: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let end = 0;
  for (const { name, bytes, method = 0, wide = false, at = end, ownName = name } of entries) {
    const size = bytes.length;
    const narrowSize = wide ? 0xffffffff : size;
    const extra = wide ? littleEndian([1, 2], [24, 2], [size, 8], [size, 8], [at, 8]) : [];
    const common: [number, number][] = [[0x800, 2], [method, 2], [0, 4], [0, 4]];
    const own = utf8.encode(ownName);
    const listed = utf8.encode(name);
    files.push(
      littleEndian([0x04034b50, 4], [45, 2], ...common, [narrowSize, 4], [narrowSize, 4]),
      littleEndian([own.length, 2], [3, 2]),
      own,
      utf8.encode("pad"),
      bytes,
    );
    directory.push(
      littleEndian([0x02014b50, 4], [45, 2], [45, 2], ...common, [narrowSize, 4], [narrowSize, 4]),
      littleEndian([listed.length, 2], [extra.length, 2], [0, 2], [0, 2], [0, 2], [0, 4]),
      littleEndian([wide ? 0xffffffff : at, 4]),
      listed,
      Uint8Array.from(extra),
    );
    end += 30 + own.length + 3 + size;
  }
  const list = joined(...directory);
  const isWide = entries.some(({ wide }) => wide);
  const count = entries.length;
  const wideEnd = isWide
    ? joined(
      littleEndian([0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 4], [0, 4]),
      littleEndian([count, 8], [count, 8], [list.length, 8], [end, 8]),
      littleEndian([0x07064b50, 4], [0, 4], [end + list.length, 8], [1, 4]),
    )
    : new Uint8Array();
  return joined(
    ...files,
    list,
    wideEnd,
    littleEndian([0x06054b50, 4], [0, 2], [0, 2], [count, 2], [count, 2]),
    littleEndian([list.length, 4], [isWide ? 0xffffffff : end, 4], [0, 2]),
  );
}

/** Opcodes of pickles, which concatenate to a pickle. */
export const pickle = {
  /** A whole pickle. */
  of: (...parts: Uint8Array[]): Uint8Array => joined(Uint8Array.of(0x80, 2), ...parts, code(".")),
  code,
  text: (value: string): Uint8Array => {
    const bytes = utf8.encode(value);
    return joined(code("X"), littleEndian([bytes.length, 4]), bytes);
  },
  int: (value: number): Uint8Array => joined(code("J"), littleEndian([value, 4])),
  global: (module: string, name: string): Uint8Array => code(`c${module}\n${name}\n`),
  tuple: (...parts: Uint8Array[]): Uint8Array => joined(code("("), ...parts, code("t")),
  list: (...parts: Uint8Array[]): Uint8Array => joined(code("]("), ...parts, code("e")),
  dict: (...entries: [key: string, value: Uint8Array][]): Uint8Array =>
    joined(
      code("}("),
      ...entries.flatMap(([key, value]) => [pickle.text(key), value]),
      code("u"),
    ),
};

/** Bytes that are ASCII. */
function code(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A view of a storage, all of it as one row unless told. */
export interface SampleView {
  /** Of its class: `HalfStorage`. */
  storage: string;
  key: string;
  /** Elements of the storage. */
  count: number;
  offset?: number;
  size?: number[];
  stride?: number[];
  /** The pickle of its sizes, if they are something else than a tuple. */
  sizes?: Uint8Array;
}

/** The pickle of a tensor. */
export function pickledTensor(view: SampleView): Uint8Array {
  const { storage, key, count, offset = 0, size = [count], stride = [1], sizes } = view;
  const { code, global, int, text, tuple } = pickle;
  const reference = [text("storage"), global("torch", storage), text(key), text("cpu"), int(count)];
  return joined(
    global("torch._utils", "_rebuild_tensor_v2"),
    tuple(
      joined(tuple(...reference), code("Q")),
      int(offset),
      sizes ?? tuple(...size.map(int)),
      tuple(...stride.map(int)),
      Uint8Array.of(0x89), // NEWFALSE
      joined(global("collections", "OrderedDict"), code(")R")),
    ),
    code("R"),
  );
}

/** The storages of a file by key. */
export type SampleStorages = Readonly<Record<string, Uint8Array>>;

/** A zip archive as torch.save makes it of a state dict. */
export function torchArchive(stateDict: Uint8Array, storages: SampleStorages): Uint8Array {
  return zipBytes([
    { name: "archive/data.pkl", bytes: stateDict },
    { name: "archive/byteorder", bytes: code("little") },
    ...Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes })),
    { name: "archive/version", bytes: code("3\n") },
  ]);
}

/** The magic number, the protocol and the machine of a legacy file. */
export const legacyStart = joined(
  pickle.of(
    Uint8Array.of(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19),
  ),
  pickle.of(pickle.int(1001)),
  pickle.of(pickle.dict(["little_endian", Uint8Array.of(0x88)])),
);

/** A tuple in a tuple, so many times. */
export function nestedTuple(depth: number): Uint8Array {
  return joined(code(")"), new Uint8Array(depth).fill(0x85)); // TUPLE1
}

/** A file as torch.save wrote it before version 1.6; elements of storages take so many bytes. */
export function torchLegacy(
  stateDict: Uint8Array,
  storages: SampleStorages,
  elementBytes: number,
): Uint8Array {
  return joined(
    legacyStart,
    stateDict,
    pickle.of(pickle.list(...Object.keys(storages).map(pickle.text))),
    ...Object.values(storages).flatMap((bytes) => [
      littleEndian([bytes.length / elementBytes, 8]),
      bytes,
    ]),
  );
}

/** Storages of sixteen bits per element. */
export const sampleStorages: SampleStorages = {
  "0": Uint8Array.from({ length: 24 }, (_, i) => i),
  "1": Uint8Array.from({ length: 4 }, (_, i) => i),
};

/** Tensors of every kind of view, with attributes of the dictionary as modules have. */
export const sampleStateDict: Uint8Array = pickle.of(
  joined(pickle.global("collections", "OrderedDict"), pickle.code(")R(")),
  ...Object.entries<SampleView>({
    whole: { storage: "HalfStorage", key: "0", count: 12, size: [3, 4], stride: [4, 1] },
    turned: { storage: "HalfStorage", key: "0", count: 12, size: [4, 3], stride: [1, 4] },
    repeated: { storage: "BFloat16Storage", key: "1", count: 2, size: [2, 2], stride: [0, 1] },
    part: { storage: "BFloat16Storage", key: "1", count: 2, offset: 1, size: [], stride: [] },
  }).flatMap(([name, view]) => [pickle.text(name), pickledTensor(view)]),
  pickle.code("u"),
  pickle.dict(["_metadata", pickle.dict(["version", pickle.int(1)])]),
  pickle.code("b"),
);
