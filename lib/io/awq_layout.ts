import { affineMatrix } from "../format/mod.ts";
import { adjacentGroups, type PackedLayout } from "./packed_layout.ts";
import { transposed } from "./packed_words.ts";

/** Codes of a word. */
const perWord = 8;

/** Which of eight outputs each four bits of a word belong to, the lowest first. */
const order = [0, 2, 4, 6, 1, 3, 5, 7];

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
  const wordsOfLine = words.length / lines;
  for (let line = 0; line < lines; line++) {
    for (let output = 0; output < outputs; output++) {
      const word = words[line * wordsOfLine + Math.floor(output / perWord)];
      const place = places[output % perWord];
      codes[output * lines + line] = word >>> place & 15;
    }
  }
  return codes;
}

/** The lowest bit of each of eight outputs in their word. */
const places = Array.from({ length: perWord }, (_, output) => 4 * order.indexOf(output));
