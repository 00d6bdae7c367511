// Linear layers in integers: codes of activations times codes of weights, exact in 32 bits.
//
// A weight lies in panels of 8 columns of the product. A step of a panel is 32 bytes: four codes, for
// four places of the activation, of each of its columns.

import { foldFactors, tileByChains, tileByDots } from "./integer_tile";
import { IntegerWeight, PANEL, unpackPanel } from "./integer_weight";
import { storeFirst } from "./vector";
import { workspace } from "./workspace";

/** Bytes of activations that stay in the second-level cache while all panels pass by. */
const BLOCK_BYTES: i32 = 196608;

/**
 * y = bias + a W^T for some panels of a weight: codes of activations times codes of weights, summed up
 * in 32 bits; each block's sums are scaled and added in float32, block after block.
 *
 * @param y Floats [rows, rows of the weight].
 * @param a As signed {@link quantizeCodes} gives them: bytes [rows / 4, places / 4, 4, 4].
 * @param rowSums 32-bit integers [rows / 4, blocks, 4].
 * @param head The weight.
 * @param bias Floats [padded rows].
 * @param zeroPoint The code of zero of the activations less 128.
 * @param firstPanel As `lastPanel`: which panels, the last one exclusive.
 * @param dots Whether sums of four products are one instruction: {@link hasDots}.
 */
export function integerLinear(
  y: usize,
  a: usize,
  rowSums: usize,
  rows: i32,
  head: usize,
  bias: usize,
  zeroPoint: i32,
  firstPanel: i32,
  lastPanel: i32,
  dots: bool,
): void {
  const weight = changetype<IntegerWeight>(head);
  const places = weight.places, blocks = weight.blocks, panelBytes = weight.panelBytes;
  const outputs = workspace, panel = outputs + 128;
  const rowBytes = <usize> weight.rows << 2;
  const blockRows = max(BLOCK_BYTES / places & -4, 4);
  for (let start = 0; start < rows; start += blockRows) {
    const end = min(start + blockRows, rows);
    for (let p = firstPanel; p < lastPanel; p++) {
      const first = p * PANEL, columns = weight.rows - first;
      const column = <usize> first << 2;
      unpackPanel(panel, weight.codes() + <usize> p * panelBytes, panelBytes);
      if (dots) foldFactors(panel, weight);
      const biasLeft = v128.load(bias + column), biasRight = v128.load(bias + column, 16);
      for (let row = start; row < end; row += 4) {
        for (let r: usize = 0; r < 128; r += 32) {
          v128.store(outputs + r, biasLeft);
          v128.store(outputs + r, biasRight, 16);
        }
        const count = min(4, end - row);
        const codes = a + <usize> row * places, codeSums = rowSums + (<usize> row * blocks << 2);
        if (dots) tileByDots(outputs, codes, codeSums, panel, zeroPoint, first, weight);
        else tileByChains(outputs, codes, codeSums, panel, zeroPoint, first, weight);
        let to = y + <usize> row * rowBytes + column;
        for (let r = 0; r < count; r++, to += rowBytes) {
          const from = outputs + (<usize> r << 5);
          storeFirst(to, v128.load(from), columns);
          if (columns > 4) storeFirst(to + 16, v128.load(from, 16), columns - 4);
        }
      }
    }
  }
}
