import { counted, require, shortened } from "../core/mod.ts";
import { dataArrays, elementCount, isDtype } from "./dtypes.ts";
import { decodeText } from "./files.ts";
import { isObject, parseJson } from "./json.ts";
import type { TensorFacts } from "./weight_file.ts";

/** Where a tensor lies in its file. */
export interface TensorInfo extends TensorFacts {
  /** Position of the first byte in the file. */
  readonly offset: number;
}

/** What a safetensors file says about itself before its data begins. */
export interface SafetensorsHeader {
  /** The free strings under `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors by name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** A file begins with the length of its header, a little-endian integer of this many bytes. */
export const lengthBytes = 8;

/** The key of the header that is not a tensor. */
export const metadataKey = "__metadata__";

const maximumHeaderBytes = 100_000_000;

/** Up to here a header may be longer than the data it describes, as that of a few small tensors is. */
const smallHeaderBytes = 1 << 20;

/**
 * The length of the header in bytes.
 *
 * @param start The first 8 bytes of the file, fewer where the file ends.
 * @param fileSize The size of the file in bytes.
 * @throws {InputError} If the file is too short for it, it exceeds 100 MB, or it is far too long for the
 *   data: reading it would cost more than they are worth.
 */
export function parseHeaderLength(start: Uint8Array, fileSize: number, path: string): number {
  const action = `read ${path}`;
  require(start.length === lengthBytes, action, "the file must have at least 8 bytes", fileSize);
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const header = `the header must have at most ${maximumHeaderBytes} bytes`;
  require(length <= maximumHeaderBytes, action, header, length);
  const available = fileSize - lengthBytes;
  require(
    length <= available,
    action,
    `the header must fit in ${counted(available, "byte")}`,
    length,
  );
  const data = available - Number(length);
  const inProportion = length <= Math.max(smallHeaderBytes, data);
  const rule =
    `a header of more than ${smallHeaderBytes} bytes must be no longer than the data, ${data}`;
  require(inProportion, action, rule, length);
  return Number(length);
}

/**
 * Parses a header and checks that the tensors cover the rest of the file without gap or overlap.
 *
 * @param header The bytes between the length and the data: JSON, perhaps padded with spaces.
 * @param fileSize The size of the file in bytes.
 * @throws {InputError} If anything is amiss; the message names the file, and the tensor if one is
 *   to blame.
 */
export function parseHeader(header: Uint8Array, fileSize: number, path: string): SafetensorsHeader {
  const json = parseJson(decodeText(header, path, "header"), path, "header");
  require(isObject(json), `read ${path}`, "the header must be a JSON object", json);
  const dataStart = lengthBytes + header.length;
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(json)) {
    if (name !== metadataKey) {
      tensors.set(name, parseTensor(entry, dataStart, tensorOf(path, name)));
    }
  }
  checkLayout(tensors, dataStart, fileSize, path);
  return { metadata: parseMetadata(json, path), tensors };
}

/** The action of an error about one tensor. */
export function tensorOf(path: string, name: string): string {
  return `read tensor ${shortened(name)} of ${path}`;
}

function parseMetadata(json: Record<string, unknown>, path: string): Record<string, string> {
  const metadata = Object.hasOwn(json, metadataKey) ? json[metadataKey] : {};
  const isStringMap = isObject(metadata) &&
    Object.values(metadata).every((value) => typeof value === "string");
  require(isStringMap, `read ${path}`, `${metadataKey} must map strings to strings`, metadata);
  return metadata as Record<string, string>;
}

function parseTensor(entry: unknown, dataStart: number, action: string): TensorInfo {
  require(isObject(entry), action, "its header entry must be an object", entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  require(typeof dtype === "string", action, "dtype must be a string", dtype);
  require(isNaturals(shape), action, "shape must be a list of integers of 0 or more", shape);
  require(
    isNaturals(offsets) && offsets.length === 2 && offsets[0] <= offsets[1],
    action,
    "data_offsets must be two ascending integers of 0 or more",
    offsets,
  );
  const byteLength = offsets[1] - offsets[0];
  if (isDtype(dtype)) {
    const expected = elementCount(shape) * dataArrays[dtype].BYTES_PER_ELEMENT;
    const rule = `${dtype} of shape [${shape}] must take ${counted(expected, "byte")}`;
    require(byteLength === expected, action, rule, byteLength);
  }
  return { dtype, shape, offset: dataStart + offsets[0], byteLength };
}

function isNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function checkLayout(
  tensors: ReadonlyMap<string, TensorInfo>,
  dataStart: number,
  fileSize: number,
  path: string,
): void {
  const inOrder = [...tensors].sort(([, a], [, b]) =>
    a.offset - b.offset || a.byteLength - b.byteLength
  );
  let end = dataStart;
  for (const [name, { offset, byteLength }] of inOrder) {
    const action = tensorOf(path, name);
    require(offset >= end, action, `it must not overlap another, so begin at byte ${end}`, offset);
    require(
      offset <= end,
      action,
      `no gap may precede it, so it must begin at byte ${end}`,
      offset,
    );
    end += byteLength;
    require(
      end <= fileSize,
      action,
      `it must end within the file's ${counted(fileSize, "byte")}`,
      end,
    );
  }
  require(end === fileSize, `read ${path}`, `the file must end at byte ${end}`, fileSize);
}
