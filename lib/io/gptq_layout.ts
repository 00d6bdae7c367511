import { affineMatrix, packedAffineMatrix } from "../format/mod.ts";
import { adjacentGroups, type PackedLayout } from "./packed_layout.ts";
import { bytesOf, transposed, unpackRows } from "./packed_words.ts";

/** Bits of a word. */
export const wordBits = 32;

const wordsFor = (codes: number, bits: number) => Math.ceil(codes * bits / wordBits);

/**
 * GPTQ's layout, as AutoGPTQ and GPTQModel write it. `qweight` `[words, out]` has the codes of each output
 * along its inputs, `qzeros` `[groups, words]` those of zero along the outputs, as streams of bits from the
 * lowest of a word up: of 3 bits, some cross from a word to the next. `g_idx` names the group of each input.
 */
export const gptqLayout: PackedLayout = {
  size({ qweight, scales, g_idx: index }, { bits }) {
    const columns = index?.[0] ?? Math.floor(qweight![0] * wordBits / bits);
    return { rows: scales![1], columns };
  },
  shapes({ rows, columns, groups }, { bits }) {
    return {
      qweight: [wordsFor(columns, bits), rows],
      qzeros: [groups, wordsFor(rows, bits)],
      scales: [groups, rows],
      g_idx: [columns],
    };
  },
  matrix({ qweight, qzeros, scales, groupIndex }, shape, { bits, groupSize, zeroOffset }, name) {
    const { rows, columns, groups } = shape;
    const zeroPoint = transposed(unpackRows(qzeros, groups, bits, rows), groups, rows)
      .map((code) => (code + zeroOffset) % 2 ** bits);
    const common = {
      ...{ rows, columns, bits, zeroPoint, name },
      scale: transposed(scales, groups, rows),
      groupIndex: groupIndex ?? adjacentGroups(columns, groupSize),
    };
    const words = transposed(qweight, qweight.length / rows, rows);
    return columns * bits % wordBits === 0
      ? packedAffineMatrix({ ...common, packed: bytesOf(words) })
      : affineMatrix({ ...common, codes: unpackRows(words, rows, bits, columns) });
  },
};
