// Activations as the product reads them.

import {
  ACTIVATION_BYTES,
  ACTIVATION_MIDDLE,
  FIELD_BITS,
  nextBlock,
  PANEL_ROWS,
  panelBytes,
  WEIGHT_MIDDLE,
} from "./layout";

/**
 * Codes of activations, round(clip(x / scale + shift)) + zero, 0..15, bit-equal to lib/quant.
 *
 * @param codes Bytes [rows, columns], in another order of columns.
 * @param x Floats [rows, columns].
 * @param scale Floats [columns].
 * @param order 32-bit integers [columns]: the column at each place of the codes.
 * @param flag Set to 1 if x holds NaN or infinity, else to 0.
 */
export function int4Codes(
  codes: usize,
  rows: i32,
  columns: i32,
  x: usize,
  scale: usize,
  shift: f32,
  low: f32,
  high: f32,
  zero: i32,
  order: usize,
  flag: usize,
): void {
  let strange: f32 = 0;
  const end = order + (<usize> columns << 2);
  for (let row = 0; row < rows; row++, x += <usize> columns << 2) {
    for (let place = order; place < end; place += 4, codes++) {
      const column = <usize> load<i32>(place) << 2;
      const value = load<f32>(x + column);
      strange += value - value;
      const ratio = value / load<f32>(scale + column) + shift;
      store<u8>(codes, <i32> nearest<f32>(max(low, min(high, ratio))) + zero);
    }
  }
  store<i32>(flag, strange != strange);
}

/**
 * Lays activations out in panels: per block and run what the sums start from, then the activations
 * less 7; at the end of each block their sum by its powers. The rows that a last panel lacks are 0.
 *
 * @param target `[panels]`, as long as the table says.
 * @param codes Bytes 0..15, `[rows, places]`, in the order of the runs.
 */
export function int4Panels(
  target: usize,
  codes: usize,
  rows: i32,
  places: i32,
  table: usize,
  blocks: i32,
): void {
  const panel = panelBytes(table, blocks);
  const count = (rows + PANEL_ROWS - 1) / PANEL_ROWS * PANEL_ROWS;
  for (let row = 0; row < count; row++) {
    let from = codes + <usize> row * places;
    let to = target + <usize> (row / PANEL_ROWS) * panel + (<usize> (row % PANEL_ROWS) << 2);
    let runs = table;
    for (let block = 0; block < blocks; block++) {
      const next = nextBlock(runs);
      let total = 0;
      for (let run = runs + 4; run < next; run += 8) {
        const start = to;
        const length = load<i32>(run);
        let sum = 0;
        for (let p = 0; p < length; p += 2) {
          to += ACTIVATION_BYTES;
          let first = 0, second = 0;
          if (row < rows) {
            first = <i32> load<u8>(from + p) - ACTIVATION_MIDDLE;
            if (p + 1 < length) second = <i32> load<u8>(from + p, 1) - ACTIVATION_MIDDLE;
          }
          sum += first + second;
          store<i32>(to, (first & 0xffff) | (second << 16));
        }
        store<i32>(start, (1 << (FIELD_BITS - 1)) - WEIGHT_MIDDLE * sum);
        total += sum << load<i32>(run, 4);
        to += ACTIVATION_BYTES;
        from += length;
      }
      store<i32>(to, total);
      to += ACTIVATION_BYTES;
      runs = next;
    }
  }
}
