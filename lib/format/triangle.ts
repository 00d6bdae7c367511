/**
 * The upper triangle of a square matrix, row after row without gaps: row r holds columns r..size - 1. Half the
 * memory of the square; all that a symmetric or a triangular matrix needs.
 */
export type Triangle = Float32Array | Float64Array;

/** How many elements a triangle of so many rows has. */
export function triangleLength(size: number): number {
  return size * (size + 1) / 2;
}

/** Where in a triangle column 0 of a row would be: element (row, column) lies `column` behind it. */
export function triangleRow(row: number, size: number): number {
  return row * size - row * (row + 1) / 2;
}

/** How many rows a triangle of so many elements has; no integer if it is none. */
export function triangleSize(length: number): number {
  return (Math.sqrt(8 * length + 1) - 1) / 2;
}

/** The upper triangle of a square matrix, `[size, size]`. */
export function triangleOf<Values extends Triangle>(square: Values): Values {
  const size = Math.sqrt(square.length);
  const triangle = square.slice(0, triangleLength(size)) as Values;
  for (let row = 1; row < size; row++) {
    const own = square.subarray(row * size + row, (row + 1) * size);
    triangle.set(own, triangleRow(row, size) + row);
  }
  return triangle;
}
