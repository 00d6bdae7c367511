/**
 * ggml's K types: 256 codes in groups of 16 or 32, each group with a scale, and in some with an offset,
 * that are codes themselves (`ggml-common.h`).
 */
import { type BlockType, halfAt } from "./block_type.ts";

const elements = 256;

/** Groups of 16: `scale * code - offset`, codes of 2 bits, scale and offset of 4. */
const q2K: BlockType = {
  elements,
  bytes: 84,
  decode(data, at, into, to) {
    const [scaleUnit, offsetUnit] = [halfAt(data, at + 80), halfAt(data, at + 82)];
    for (let group = 0; group < 16; group++) {
      const byte = data[at + group];
      const [scale, offset] = [scaleUnit * (byte & 15), offsetUnit * (byte >> 4)];
      const codes = at + 16 + twoBitPlace(group);
      const shift = twoBitShift(group);
      for (let i = 0; i < 16; i++) {
        into[to + 16 * group + i] = scale * (data[codes + i] >> shift & 3) - offset;
      }
    }
  },
};

/** Groups of 16: `scale * (code - 4)`, codes of 3 bits, the third apart; scales of 6 bits, less 32. */
const q3K: BlockType = {
  elements,
  bytes: 110,
  decode(data, at, into, to) {
    const unit = halfAt(data, at + 108);
    for (let group = 0; group < 16; group++) {
      const low = data[at + 96 + group % 8] >> (group < 8 ? 0 : 4) & 15;
      const high = data[at + 104 + group % 4] >> 2 * (group >> 2) & 3;
      const scale = unit * ((low | high << 4) - 32);
      const codes = at + 32 + twoBitPlace(group);
      const shift = twoBitShift(group);
      const third = at + group % 2 * 16;
      for (let i = 0; i < 16; i++) {
        const code = data[codes + i] >> shift & 3 | (data[third + i] >> (group >> 1) & 1) << 2;
        into[to + 16 * group + i] = scale * (code - 4);
      }
    }
  },
};

/** Groups of 32: `scale * code - offset`, codes of 4 bits, scale and offset of 6. */
const q4K: BlockType = {
  elements,
  bytes: 144,
  decode(data, at, into, to) {
    const [scaleUnit, offsetUnit] = [halfAt(data, at), halfAt(data, at + 2)];
    for (let group = 0; group < 8; group++) {
      const scale = scaleUnit * sixBitScale(data, at + 4, group);
      const offset = offsetUnit * sixBitOffset(data, at + 4, group);
      const codes = at + 16 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let i = 0; i < 32; i++) {
        into[to + 32 * group + i] = scale * (data[codes + i] >> shift & 15) - offset;
      }
    }
  },
};

/** As Q4_K, with a fifth bit for each code. */
const q5K: BlockType = {
  elements,
  bytes: 176,
  decode(data, at, into, to) {
    const [scaleUnit, offsetUnit] = [halfAt(data, at), halfAt(data, at + 2)];
    const fifth = at + 16;
    for (let group = 0; group < 8; group++) {
      const scale = scaleUnit * sixBitScale(data, at + 4, group);
      const offset = offsetUnit * sixBitOffset(data, at + 4, group);
      const codes = at + 48 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      for (let i = 0; i < 32; i++) {
        const code = data[codes + i] >> shift & 15 | (data[fifth + i] >> group & 1) << 4;
        into[to + 32 * group + i] = scale * code - offset;
      }
    }
  },
};

/** Groups of 16: `scale * (code - 32)`, codes of 6 bits, the upper two apart; scales of 8, with a sign. */
const q6K: BlockType = {
  elements,
  bytes: 210,
  decode(data, at, into, to) {
    const unit = halfAt(data, at + 208);
    for (let group = 0; group < 16; group++) {
      const scale = unit * (data[at + 192 + group] << 24 >> 24);
      const [half, quarter] = [group >> 3, group >> 1 & 3];
      const low = at + 64 * half + 32 * (quarter & 1) + 16 * (group & 1);
      const lowShift = 4 * (quarter >> 1);
      const high = at + 128 + 32 * half + 16 * (group & 1);
      for (let i = 0; i < 16; i++) {
        const code = data[low + i] >> lowShift & 15 | (data[high + i] >> 2 * quarter & 3) << 4;
        into[to + 16 * group + i] = scale * (code - 32);
      }
    }
  },
};

/** By the names that ggml gives them. */
export const kBlocks = { Q2_K: q2K, Q3_K: q3K, Q4_K: q4K, Q5_K: q5K, Q6_K: q6K };

/**
 * Where the two-bit codes of a group of 16 begin: 128 elements take 32 bytes, of which the first 32 are
 * the lowest bits.
 */
function twoBitPlace(group: number): number {
  return 32 * (group >> 3) + 16 * (group & 1);
}

function twoBitShift(group: number): number {
  return 2 * (group >> 1 & 3);
}

/** Of 12 bytes that hold eight scales and eight offsets of 6 bits, a scale. */
function sixBitScale(data: Uint8Array, at: number, group: number): number {
  if (group < 4) return data[at + group] & 63;
  return data[at + 4 + group] & 15 | data[at + group - 4] >> 6 << 4;
}

/** Of the same bytes, an offset. */
function sixBitOffset(data: Uint8Array, at: number, group: number): number {
  if (group < 4) return data[at + 4 + group] & 63;
  return data[at + 4 + group] >> 4 | data[at + group] >> 6 << 4;
}
