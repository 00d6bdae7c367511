/**
 * ggml's first types of blocks: 32 codes with a scale, and with a least value where the name ends in
 * 1. Low nibbles are elements 0 to 15, high ones 16 to 31 (`ggml-common.h`).
 */
import { type BlockType, halfAt } from "./block_type.ts";

const elements = 32;

/** `scale * (code - 8)` */
const q4_0: BlockType = {
  elements,
  bytes: 18,
  decode(data, at, into, to) {
    const scale = halfAt(data, at);
    for (let i = 0; i < 16; i++) {
      const byte = data[at + 2 + i];
      into[to + i] = scale * ((byte & 15) - 8);
      into[to + i + 16] = scale * ((byte >> 4) - 8);
    }
  },
};

/** `scale * code + least` */
const q4_1: BlockType = {
  elements,
  bytes: 20,
  decode(data, at, into, to) {
    const [scale, least] = [halfAt(data, at), halfAt(data, at + 2)];
    for (let i = 0; i < 16; i++) {
      const byte = data[at + 4 + i];
      into[to + i] = scale * (byte & 15) + least;
      into[to + i + 16] = scale * (byte >> 4) + least;
    }
  },
};

/** `scale * (code - 16)`; the fifth bits of the codes lie together in front of the nibbles. */
const q5_0: BlockType = {
  elements,
  bytes: 22,
  decode(data, at, into, to) {
    const scale = halfAt(data, at);
    const fifth = wordAt(data, at + 2);
    for (let i = 0; i < 16; i++) {
      const byte = data[at + 6 + i];
      into[to + i] = scale * ((byte & 15 | (fifth >> i & 1) << 4) - 16);
      into[to + i + 16] = scale * ((byte >> 4 | (fifth >> i + 16 & 1) << 4) - 16);
    }
  },
};

/** `scale * code + least`, codes as those of Q5_0. */
const q5_1: BlockType = {
  elements,
  bytes: 24,
  decode(data, at, into, to) {
    const [scale, least] = [halfAt(data, at), halfAt(data, at + 2)];
    const fifth = wordAt(data, at + 4);
    for (let i = 0; i < 16; i++) {
      const byte = data[at + 8 + i];
      into[to + i] = scale * (byte & 15 | (fifth >> i & 1) << 4) + least;
      into[to + i + 16] = scale * (byte >> 4 | (fifth >> i + 16 & 1) << 4) + least;
    }
  },
};

/** `scale * code`, codes with a sign. */
const q8_0: BlockType = {
  elements,
  bytes: 34,
  decode(data, at, into, to) {
    const scale = halfAt(data, at);
    for (let i = 0; i < 32; i++) into[to + i] = scale * (data[at + 2 + i] << 24 >> 24);
  },
};

/** By the names that ggml gives them. */
export const legacyBlocks = { Q4_0: q4_0, Q4_1: q4_1, Q5_0: q5_0, Q5_1: q5_1, Q8_0: q8_0 };

function wordAt(data: Uint8Array, at: number): number {
  return data[at] | data[at + 1] << 8 | data[at + 2] << 16 | data[at + 3] << 24;
}
