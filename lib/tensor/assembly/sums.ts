// Sums of float32 elements, in float64.

import { workspace } from "./workspace";

/** target[r] = sum over the columns of x[r]. */
export function sumColumns(rows: i32, columns: i32, target: usize, x: usize): void {
  for (let row = 0; row < rows; row++) {
    let low = f64x2.splat(0), high = low;
    let j = 0;
    for (; j + 4 <= columns; j += 4, x += 16) {
      const values = v128.load(x);
      low = f64x2.add(low, f64x2.promote_low_f32x4(values));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f64>(values, values, 1, 1)));
    }
    low = f64x2.add(low, high);
    let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
    for (; j < columns; j++, x += 4) sum += load<f32>(x);
    store<f32>(target + (<usize> row << 2), <f32> sum);
  }
}

/**
 * target[j] = sum over the rows of x[., j].
 *
 * @param columns At most 2^18: their sums lie in the workspace.
 * @param stride Elements from one row to the next.
 */
export function sumRows(rows: i32, columns: i32, stride: i32, target: usize, x: usize): void {
  memory.fill(workspace, 0, <usize> columns << 3);
  for (let row = 0; row < rows; row++, x += <usize> stride << 2) {
    for (let j = 0; j < columns; j++) {
      const sum = workspace + (<usize> j << 3);
      store<f64>(sum, load<f64>(sum) + load<f32>(x + (<usize> j << 2)));
    }
  }
  for (let j = 0; j < columns; j++) {
    store<f32>(target + (<usize> j << 2), <f32> load<f64>(workspace + (<usize> j << 3)));
  }
}
