import { refuse, require } from "../core/mod.ts";

/** That more of a file is needed than was read. */
export class MoreNeeded extends Error {
  /** @param bytes From the beginning of the file. */
  constructor(readonly bytes: number) {
    super(`the first ${bytes} bytes are needed`);
  }
}

/** Reads little-endian values one after the other from the beginning of a file. */
export class ByteCursor {
  /** Where the next value begins. */
  position = 0;
  readonly #view: DataView;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  /**
   * @param bytes The beginning of the file.
   * @param end Where the last value must end: that of the file, or before it.
   * @param action What an error calls the reading.
   */
  constructor(
    private readonly bytes: Uint8Array<ArrayBuffer>,
    private readonly end: number,
    private readonly action: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** A number of a type by its getter, such as `getFloat32`. */
  number(getter: NumberGetter, bytes: number): number {
    return this.#view[getter](this.#advance(bytes), true);
  }

  /** 32 bits without sign. */
  u32(): number {
    return this.number("getUint32", 4);
  }

  /** 64 bits, with sign or without; exact also beyond 2^53. */
  big(getter: "getBigUint64" | "getBigInt64"): bigint {
    return this.#view[getter](this.#advance(8), true);
  }

  /**
   * A count of 64 bits.
   *
   * @param least The bytes that each of what is counted takes at least.
   * @param what Is counted, for the message.
   * @throws {InputError} If the file has no room for so many, so that nothing is made as large as a
   *   file merely says.
   */
  count(least: number, what: string): number {
    const count = this.big("getBigUint64");
    const most = Math.floor((this.end - this.position) / least);
    require(count <= most, this.action, `the number of ${what} must be at most ${most}`, count);
    return Number(count);
  }

  /** Bytes, as a copy. */
  slice(length: number): Uint8Array<ArrayBuffer> {
    const start = this.#advance(length);
    return this.bytes.slice(start, start + length);
  }

  /** UTF-8 behind its length in 64 bits. */
  string(): string {
    const length = this.count(1, "bytes of a string");
    const start = this.#advance(length);
    try {
      return this.#decoder.decode(this.bytes.subarray(start, start + length));
    } catch {
      refuse(this.action, `the string at byte ${start} must be UTF-8`);
    }
  }

  /** Moves on by so many bytes; where they begin. */
  #advance(length: number): number {
    const start = this.position;
    const next = start + length;
    require(next <= this.end, this.action, `its header must end by byte ${this.end}`, next);
    if (next > this.bytes.length) throw new MoreNeeded(next);
    this.position = next;
    return start;
  }
}

/** How a DataView reads a number of at most 32 bits, or a float. */
type NumberGetter =
  | "getUint8"
  | "getInt8"
  | "getUint16"
  | "getInt16"
  | "getUint32"
  | "getInt32"
  | "getFloat32"
  | "getFloat64";
