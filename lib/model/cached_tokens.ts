import { dequantizeUniform, quantizeUniform } from "../quant/mod.ts";
import { heldTensor, tensorData, tf, type TokenCodes } from "../tensor/mod.ts";
import { GrowingArray } from "./growing_array.ts";

/**
 * The keys, or the values, of the tokens that one block has seen. A value: appending makes a new one. Whoever has it
 * disposes of it; what it shares with others stays as long as one of them is there.
 */
export interface CachedTokens extends Disposable {
  /** With the rows `[tokens, channels]` at the end. */
  append(rows: tf.Tensor2D): CachedTokens;
  /** The rows of all tokens, `[tokens, channels]`. The tensor is not to outlive what it is read from. */
  read(): tf.Tensor2D;
  /** What it keeps, in bytes. */
  readonly byteLength: number;
  /** What is kept, of eight bits. */
  readonly codes?: TokenCodes;
}

/** What one row of {@linkcode CachedTokens} consists of. */
export interface CachedRow {
  channels: number;
  /** Channels of one head, which share a scale in eight bits. */
  headDim: number;
  /** What errors call the rows. */
  name: string;
}

/** Nothing yet, to be kept as it is, or in eight bits with a scale per token and head. */
export function noTokens(row: CachedRow, precision: "float32" | "int8"): CachedTokens {
  const purpose = `room for ${row.name}`;
  return precision === "int8"
    ? int8Tokens(
      row,
      GrowingArray.like(new Int8Array(), purpose),
      GrowingArray.like(new Float32Array(), purpose),
    )
    : float32Tokens(row, GrowingArray.like(new Float32Array(), purpose));
}

function float32Tokens(row: CachedRow, numbers: GrowingArray<Float32Array>): CachedTokens {
  const { channels } = row;
  return {
    append: (rows) => float32Tokens(row, numbers.append(tensorData(rows))),
    read: () => heldTensor(numbers.held, [numbers.length / channels, channels]),
    byteLength: 4 * numbers.length,
    [Symbol.dispose]: () => numbers[Symbol.dispose](),
  };
}

/** Symmetric codes: `real = code * scale`, one scale for each head of each token. */
function int8Tokens(
  row: CachedRow,
  codes: GrowingArray<Int8Array>,
  scales: GrowingArray<Float32Array>,
): CachedTokens {
  const { channels, headDim, name } = row;
  const tokens = codes.length / channels;
  return {
    append(rows) {
      const { codes: added, params } = quantizeUniform(tensorData(rows), {
        bits: 8,
        signed: true,
        profile: "released",
        granularity: "channel",
        channels: rows.size / headDim,
        inner: headDim,
      }, name);
      return int8Tokens(row, codes.append(Int8Array.from(added)), scales.append(params.scale));
    },
    read() {
      const zeroPoint = new Int32Array(scales.length);
      const grid = { scale: scales.values, zeroPoint, inner: headDim };
      return tf.tensor2d(dequantizeUniform(codes.values, grid), [tokens, channels]);
    },
    byteLength: codes.length + 4 * scales.length,
    codes: {
      ...{ tokens, heads: channels / headDim, headDim },
      ...{ codes: codes.held, scales: scales.held },
    },
    [Symbol.dispose]() {
      codes[Symbol.dispose]();
      scales[Symbol.dispose]();
    },
  };
}
