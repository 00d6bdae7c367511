// Kernels that move 32-bit elements without looking at them.

import { packQuad } from "./pack";

/** Runs of at least this many elements are copied in one piece. */
const LONG_RUN: i32 = 16;

/** A transposition: target[i, j] = source[j, i], its unit stride along i in the source, along j in the target. */
function transpose(
  target: usize,
  source: usize,
  rows: i32,
  columns: i32,
  targetBytes: usize,
  sourceBytes: usize,
): void {
  let j = 0;
  for (; j + 4 <= columns; j += 4) {
    packQuad(target + (<usize> j << 2), targetBytes, source + <usize> j * sourceBytes, sourceBytes, rows);
  }
  for (; j < columns; j++) {
    let from = source + <usize> j * sourceBytes, to = target + (<usize> j << 2);
    for (let i = 0; i < rows; i++, from += 4, to += targetBytes) store<f32>(to, load<f32>(from));
  }
}

/**
 * target[i, j, k] = source[i, j, k] for a box of [boxes, rows, columns]; both have strides of their own,
 * in elements: 0 in the source repeats an element.
 */
export function copyBox(
  target: usize,
  source: usize,
  boxes: i32,
  rows: i32,
  columns: i32,
  targetBox: i32,
  targetRow: i32,
  targetColumn: i32,
  sourceBox: i32,
  sourceRow: i32,
  sourceColumn: i32,
): void {
  const contiguous = targetColumn == 1 && sourceColumn == 1 && columns >= LONG_RUN;
  const transposed = targetColumn == 1 && sourceRow == 1 && rows >= 4 && columns >= 4;
  for (let box = 0; box < boxes; box++) {
    const toBox = target + (<usize> box * targetBox << 2);
    const fromBox = source + (<usize> box * sourceBox << 2);
    if (transposed) {
      transpose(toBox, fromBox, rows, columns, <usize> targetRow << 2, <usize> sourceColumn << 2);
      continue;
    }
    for (let row = 0; row < rows; row++) {
      let to = toBox + (<usize> row * targetRow << 2);
      let from = fromBox + (<usize> row * sourceRow << 2);
      if (contiguous) {
        memory.copy(to, from, <usize> columns << 2);
        continue;
      }
      for (let column = 0; column < columns; column++) {
        store<f32>(to, load<f32>(from));
        to += <usize> targetColumn << 2;
        from += <usize> sourceColumn << 2;
      }
    }
  }
}

/** target[i] = source[ids[i]], rows of `columns` elements; ids are 32-bit integers. */
export function gatherRows(count: i32, columns: i32, target: usize, source: usize, ids: usize): void {
  const rowBytes = <usize> columns << 2;
  for (let i = 0; i < count; i++, target += rowBytes) {
    memory.copy(target, source + load<i32>(ids + (<usize> i << 2)) * rowBytes, rowBytes);
  }
}
