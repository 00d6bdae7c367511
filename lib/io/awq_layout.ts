import { affineMatrix } from "../format/mod.ts";
import { adjacentGroups, type PackedLayout } from "./packed_layout.ts";
import { transposed } from "./packed_words.ts";

/** Codes of a word. */
const perWord = 8;

/** Which of eight outputs each four bits of a word belong to, the lowest first. */
const order = [0, 2, 4, 6, 1, 3, 5, 7];

/** Where the code of each of eight outputs begins in their word. */
const lowestBits = Array.from({ length: perWord }, (_, output) => 4 * order.indexOf(output));

/**
 * AWQ's layout for its gemm kernel, as AutoAWQ writes it: `qweight` `[in, words]` and `qzeros`
 * `[groups, words]` have eight codes of neighbouring outputs in each word, in an order of their own.
 */
export const awqLayout: PackedLayout = {
  size: ({ qweight, scales }) => ({ rows: scales![1], columns: qweight![0] }),
  shapes({ rows, columns, groups }) {
    const words = Math.ceil(rows / perWord);
    return {
      qweight: [columns, words],
      qzeros: [groups, words],
      scales: [groups, rows],
      g_idx: [columns],
    };
  },
  matrix({ qweight, qzeros, scales, groupIndex }, shape, { bits, groupSize }, name) {
    const { rows, columns, groups } = shape;
    return affineMatrix({
      ...{ rows, columns, bits, name },
      codes: codesByOutput(qweight, columns, rows),
      scale: transposed(scales, groups, rows),
      zeroPoint: codesByOutput(qzeros, groups, rows),
      groupIndex: groupIndex ?? adjacentGroups(columns, groupSize),
    });
  },
};

/** Codes of words `[lines, outputs / 8]` as `[outputs, lines]`. */
function codesByOutput(words: Int32Array, lines: number, outputs: number): Uint8Array {
  const codes = new Uint8Array(outputs * lines);
  const turned = transposed(words, lines, words.length / lines);
  for (let output = 0; output < outputs; output++) {
    const first = Math.floor(output / perWord) * lines;
    const lowestBit = lowestBits[output % perWord];
    for (let line = 0; line < lines; line++) {
      codes[output * lines + line] = turned[first + line] >>> lowestBit & 15;
    }
  }
  return codes;
}
