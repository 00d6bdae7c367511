// A weight of a linear layer in integers as it lies in memory; lib/tensor/integer_weight.ts writes it.
//
// Its columns stand in places: by the blocks that share a scale, in these by the power of two that TRIP
// multiplies them by. Rows (the columns of the product) stand in panels of 8. A step of a panel is four
// places: 32 bytes, four codes of each row. Two 4-bit codes are a byte: the lower one is of the first half of
// the steps, whose number is even then.

/** Rows of a panel, and bytes of an unpacked step of it. */
export const PANEL: i32 = 8;
export const STEP_BYTES: usize = 32;

/** Up to eight steps in one block with one power of two. */
// @ts-ignore: decorator
@unmanaged
export class Chain {
  /** Where its places are, in bytes from the start of a row of activations. */
  activation: i32;
  /** Where its codes are, in bytes from the start of an unpacked panel. */
  weight: i32;
  /** 1..8. */
  steps: i32;
  /** What its products are multiplied by. */
  factor: i32;
}

/** Columns that share a scale. */
// @ts-ignore: decorator
@unmanaged
export class Block {
  /** How many of the chains are its. */
  chains: i32;
  /** The sum of the powers of two of its columns. */
  factors: i32;
  /** Its first place, and how many it has. */
  place: i32;
  depth: i32;
}

/** The head of a weight: counts, and where its parts start, in bytes from the head. */
// @ts-ignore: decorator
@unmanaged
export class IntegerWeight {
  rows: i32;
  /** Rows of all panels. */
  paddedRows: i32;
  places: i32;
  /** 4 or 8. */
  bits: i32;
  blocks: i32;
  /** Of a packed panel. */
  panelBytes: i32;
  private blockStart: i32;
  private chainStart: i32;
  private orderStart: i32;
  private scaleStart: i32;
  private zeroStart: i32;
  private sumStart: i32;
  private codeStart: i32;
  /** Bytes of a sum: 2 where all fit, or 4. */
  private sumBytes: i32;

  /** {@link Block}s. */
  @inline
  block(): usize {
    return changetype<usize>(this) + this.blockStart;
  }

  /** {@link Chain}s, block by block. */
  @inline
  chain(): usize {
    return changetype<usize>(this) + this.chainStart;
  }

  /** 32-bit integers [places]: four times the column at each place, or how many there are at padding. */
  @inline
  order(): usize {
    return changetype<usize>(this) + this.orderStart;
  }

  /** Floats [blocks, paddedRows]. */
  @inline
  scale(): usize {
    return changetype<usize>(this) + this.scaleStart;
  }

  /** The codes of zero: bytes [blocks, paddedRows]. */
  @inline
  zero(): usize {
    return changetype<usize>(this) + this.zeroStart;
  }

  /** Four sums of factor * (code - zero point) over a block, from one in [blocks, paddedRows] on. */
  @inline
  sums(first: usize): v128 {
    const start = changetype<usize>(this) + this.sumStart;
    if (this.sumBytes == 4) return v128.load(start + (first << 2));
    return v128.load16x4_s(start + (first << 1));
  }

  /** Packed panels. */
  @inline
  codes(): usize {
    return changetype<usize>(this) + this.codeStart;
  }
}

const halfByte = memory.data<u8>([15]);

/** What leaves the lower half of each byte; read from memory, as the constants of `vector.ts`. */
// @ts-ignore: decorator
@inline
export function lowHalves(): v128 {
  return v128.load8_splat(halfByte);
}

/** Splits bytes into their low halves and, behind those, their high halves. */
export function unpackPanel(target: usize, packed: usize, bytes: usize): void {
  const mask = lowHalves();
  for (const end = packed + bytes; packed < end; packed += 16, target += 16) {
    const pairs = v128.load(packed);
    v128.store(target, v128.and(pairs, mask));
    v128.store(target + bytes, v128.and(i16x8.shr_u(pairs, 4), mask));
  }
}

/** Four bytes as 32-bit integers. */
// @ts-ignore: decorator
@inline
export function loadBytes(address: usize): v128 {
  return i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(address)));
}
