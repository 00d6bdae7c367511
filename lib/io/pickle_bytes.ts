import { require } from "../core/mod.ts";
import { decodeText } from "./files.ts";

/** The numbers and texts of a pickle, one after the other; all refuse to go past its end. */
export class PickleBytes {
  #view: DataView;

  /**
   * @param path The file, for messages.
   * @param at Where the next byte lies.
   */
  constructor(readonly bytes: Uint8Array, readonly path: string, public at: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.bytes[this.#take(1)];
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4), true);
  }

  /** The highest byte first, unlike all others. */
  float64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  /** Two's complement of so many bytes; a number where it is exact. */
  integer(count: number): number | bigint {
    const from = this.#take(count);
    let value = 0n;
    for (let i = count - 1; i >= 0; i--) value = value << 8n | BigInt(this.bytes[from + i]);
    const integer = BigInt.asIntN(8 * count, value);
    const number = Number(integer);
    return Number.isSafeInteger(number) ? number : integer;
  }

  /** UTF-8 of so many bytes. */
  text(count: number): string {
    const from = this.#take(count);
    return decodeText(this.bytes.subarray(from, from + count), this.path, "text in its pickle");
  }

  /** UTF-8 up to a line feed, which is taken as well. */
  line(): string {
    const from = this.at;
    const end = this.bytes.indexOf(0x0a, from);
    this.#take(end < 0 ? Infinity : end + 1 - from);
    return decodeText(this.bytes.subarray(from, end), this.path, "name in its pickle");
  }

  /** Where the next so many bytes lie, which are taken. */
  #take(count: number): number {
    const from = this.at;
    const isThere = count <= this.bytes.length - from;
    require(isThere, `read ${this.path}`, "its pickle must not break off");
    this.at += count;
    return from;
  }
}
