import { refuse, require } from "../core/mod.ts";
import { dataArrays, type Dtype, isDtype, isFloat, type TensorData } from "./dtypes.ts";
import { fill, openFile } from "./files.ts";
import { decodeBfloat16, decodeFloat16 } from "../format/mod.ts";
import {
  lengthBytes,
  parseHeader,
  parseHeaderLength,
  type SafetensorsHeader,
  type TensorInfo,
  tensorOf,
} from "./safetensors_header.ts";

/** Reads tensors by name, one at a time; closed by its owner. */
export interface TensorReader extends Disposable {
  /** The tensors by name. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The little-endian bytes of a tensor. */
  readRaw(name: string): Promise<Uint8Array>;
  /** A tensor in its stored precision; BF16 as its bits, BOOL as 0 or 1. */
  read(name: string): Promise<{ dtype: Dtype; shape: number[]; data: TensorData }>;
  /** A tensor of floats as float32: F16 and BF16 exactly, F64 rounded. */
  readFloat32(name: string): Promise<{ shape: number[]; data: Float32Array }>;
  /** Closes the files; closing twice does no harm. */
  close(): void;
}

/**
 * Opens a safetensors file and reads its header; the data is read tensor by tensor on demand.
 *
 * @throws {InputError} If the file cannot be read or its header is not valid.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const { size } = await file.stat();
    const start = new Uint8Array(Math.min(lengthBytes, size));
    await fill(file, start, path);
    const header = new Uint8Array(parseHeaderLength(start, size, path));
    await fill(file, header, path);
    return new SafetensorsFile(path, file, parseHeader(header, size, path));
  } catch (error) {
    file.close();
    throw error;
  }
}

/** An open safetensors file. Its methods throw an {@linkcode InputError} for an unknown name. */
export class SafetensorsFile implements TensorReader {
  /** The free strings under `__metadata__`. */
  readonly metadata: SafetensorsHeader["metadata"];
  readonly tensors: SafetensorsHeader["tensors"];
  #file: Deno.FsFile | undefined;
  #lastRead: Promise<void> = Promise.resolve();

  /** Made by {@linkcode openSafetensors}. */
  constructor(readonly path: string, file: Deno.FsFile, header: SafetensorsHeader) {
    this.metadata = header.metadata;
    this.tensors = header.tensors;
    this.#file = file;
  }

  async readRaw(name: string): Promise<Uint8Array> {
    const { offset, byteLength } = this.#info(name);
    const bytes = allocate(byteLength, tensorOf(this.path, name));
    // Reads share the file's position, so they take turns.
    const reading = this.#lastRead.then(() => this.#fillFrom(offset, bytes, name));
    this.#lastRead = reading.catch(() => {});
    await reading;
    return bytes;
  }

  async read(name: string): Promise<{ dtype: Dtype; shape: number[]; data: TensorData }> {
    const { dtype, shape } = this.#info(name);
    const rule = `dtype must be one of ${Object.keys(dataArrays).join(" ")}`;
    require(isDtype(dtype), tensorOf(this.path, name), rule, dtype);
    const { buffer } = await this.readRaw(name);
    return { dtype, shape: [...shape], data: new dataArrays[dtype](buffer) };
  }

  async readFloat32(name: string): Promise<{ shape: number[]; data: Float32Array }> {
    const { dtype, shape } = this.#info(name);
    require(
      isFloat(dtype),
      tensorOf(this.path, name),
      "dtype must be F32, F16, BF16 or F64 to be read as float32",
      dtype,
    );
    const { buffer } = await this.readRaw(name);
    return { shape: [...shape], data: toFloat32[dtype](buffer) };
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #info(name: string): TensorInfo {
    return this.tensors.get(name) ?? refuse(tensorOf(this.path, name), "the file must have it");
  }

  async #fillFrom(offset: number, bytes: Uint8Array, name: string): Promise<void> {
    const action = tensorOf(this.path, name);
    require(this.#file !== undefined, action, "the file must not be closed yet");
    await this.#file.seek(offset, Deno.SeekMode.Start);
    await fill(this.#file, bytes, this.path);
  }
}

/** Memory for what is to be read; how much that is, the file says. */
function allocate(bytes: number, action: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch {
    refuse(action, "its bytes must fit into memory", bytes);
  }
}

const toFloat32 = {
  F64: (buffer: ArrayBufferLike) => new Float32Array(new Float64Array(buffer)),
  F32: (buffer: ArrayBufferLike) => new Float32Array(buffer),
  F16: (buffer: ArrayBufferLike) => decodeFloat16(new Float16Array(buffer)),
  BF16: (buffer: ArrayBufferLike) => decodeBfloat16(new Uint16Array(buffer)),
};
