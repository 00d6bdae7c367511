import { canonicalJson, require, sha256 } from "../core/mod.ts";
import type { Dtype, TensorData } from "./dtypes.ts";
import { openSafetensors } from "./safetensors_reader.ts";
import { type TensorToWrite, writeSafetensors } from "./safetensors_writer.ts";
import type { TensorValues } from "./weight_file.ts";

/** What a file holds. */
export interface SummedTensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, TensorValues>;
}

/** Under which metadata have the sum. */
const sumKey = "sha256";

/**
 * Writes tensors with a sum over them, the metadata and what they are, so that {@linkcode readSummed} tells whether
 * they are whole, and in their own place.
 *
 * @param what What the file is, which whoever reads it knows.
 * @throws {InputError} As {@linkcode writeSafetensors} does.
 */
export async function writeSummed(
  path: string,
  what: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sum = await sumOf(what, new Map(tensors.map((tensor) => [tensor.name, tensor])), metadata);
  await writeSafetensors(path, tensors, { ...metadata, [sumKey]: sum });
}

/**
 * Reads what {@linkcode writeSummed} wrote.
 *
 * @throws {InputError} If the file cannot be read, is damaged or is something else.
 */
export async function readSummed(path: string, what: string): Promise<SummedTensors> {
  const file = await openSafetensors(path);
  const { [sumKey]: sum, ...metadata } = file.metadata;
  const tensors = new Map<string, TensorValues>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  const isWhole = await sumOf(what, tensors, metadata) === sum;
  require(isWhole, `read ${path}`, "its numbers must be those of its sum");
  return { metadata, tensors };
}

/** What stands for tensors, in whatever order they are. */
async function sumOf(
  what: string,
  tensors: ReadonlyMap<string, { dtype: Dtype; shape: readonly number[]; data: TensorData }>,
  metadata: Readonly<Record<string, string>>,
): Promise<string> {
  const lines = await Promise.all(
    [...tensors].map(async ([name, { dtype, shape, data }]) =>
      canonicalJson([name, dtype, shape, await sha256(bytesOf(data))])
    ),
  );
  return await sha256([what, canonicalJson(metadata), ...lines.toSorted()].join("\n"));
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorData): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}
