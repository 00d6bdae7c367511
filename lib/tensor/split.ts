/** A run of consecutive rows, columns or elements: the first and how many. */
export type Part = [first: number, count: number];

/**
 * Divides 0..count-1 into at most `most` parts of equal size, but for a smaller last one.
 *
 * @param grain All sizes but the last are multiples of it.
 */
export function split(count: number, grain: number, most: number): Part[] {
  const size = Math.max(1, Math.ceil(count / grain / most)) * grain;
  const parts: Part[] = [];
  for (let first = 0; first < count; first += size) {
    parts.push([first, Math.min(size, count - first)]);
  }
  return parts;
}
