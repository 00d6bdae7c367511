import { float16Values } from "./float16.ts";

/**
 * A way to store so many elements of a row in a block of bytes, as ggml defines it: codes, and what
 * makes numbers of them.
 */
export interface BlockType {
  /** Elements of a block. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /**
   * Decodes one block. Every product of its scale and a code is exact, and so is their sum in double
   * precision, so that what is stored is rounded once, as the reference rounds it.
   *
   * @param data Where the block is, from byte `at` on.
   * @param into Where its values go, from element `to` on.
   */
  decode(data: Uint8Array, at: number, into: Float32Array, to: number): void;
}

/** The value of the binary16 at a byte. */
export function halfAt(data: Uint8Array, at: number): number {
  return float16Values()[data[at] | data[at + 1] << 8];
}
