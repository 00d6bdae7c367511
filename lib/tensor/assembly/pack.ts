// Copies matrices into the order in which the inner loops of a product read them.

// The transposition of four vectors a, b, c, d: a and b interleaved, as c and d, then halves joined.

// @ts-ignore: decorator
@inline
export function interleaveLow(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
export function interleaveHigh(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7);
}

// @ts-ignore: decorator
@inline
export function joinLow(ab: v128, cd: v128): v128 {
  return v128.shuffle<f64>(ab, cd, 0, 2);
}

// @ts-ignore: decorator
@inline
export function joinHigh(ab: v128, cd: v128): v128 {
  return v128.shuffle<f64>(ab, cd, 1, 3);
}

/**
 * Copies four lines of `depth` elements that lie one after the other: the first elements of all four,
 * then the second ones, and so on, `targetStride` bytes apart.
 */
export function packQuad(target: usize, targetStride: usize, source: usize, lineBytes: usize, depth: i32): void {
  const source2 = source + 2 * lineBytes;
  let p = 0;
  for (; p + 4 <= depth; p += 4) {
    const at = <usize> p << 2;
    const a = v128.load(source + at), b = v128.load(source + lineBytes + at);
    const c = v128.load(source2 + at), d = v128.load(source2 + lineBytes + at);
    const abLow = interleaveLow(a, b), cdLow = interleaveLow(c, d);
    const abHigh = interleaveHigh(a, b), cdHigh = interleaveHigh(c, d);
    v128.store(target, joinLow(abLow, cdLow));
    v128.store(target + targetStride, joinHigh(abLow, cdLow));
    v128.store(target + 2 * targetStride, joinLow(abHigh, cdHigh));
    v128.store(target + 3 * targetStride, joinHigh(abHigh, cdHigh));
    target += targetStride << 2;
  }
  for (; p < depth; p++, target += targetStride) {
    const at = <usize> p << 2;
    store<f32>(target, load<f32>(source + at));
    store<f32>(target, load<f32>(source + lineBytes + at), 4);
    store<f32>(target, load<f32>(source2 + at), 8);
    store<f32>(target, load<f32>(source2 + lineBytes + at), 12);
  }
}

/** Copies up to four lines as {@link packQuad} does, elements any distance apart; missing lines are 0. */
function packLines(
  target: usize,
  targetStride: usize,
  source: usize,
  lineStride: i32,
  depthStride: i32,
  lines: i32,
  depth: i32,
): void {
  const lineBytes = <usize> lineStride << 2;
  for (let p = 0; p < depth; p++, target += targetStride, source += <usize> depthStride << 2) {
    if (lineStride == 1 && lines == 4) {
      v128.store(target, v128.load(source));
    } else {
      v128.store(target, f32x4.splat(0));
      let from = source;
      for (let line = 0; line < lines; line++, from += lineBytes) {
        store<f32>(target + (<usize> line << 2), load<f32>(from));
      }
    }
  }
}

/**
 * Copies a [lines, depth] block into panels of `width` lines, a multiple of four, depth-major within a
 * panel; a last, partial panel is filled with zeros. Strides are in elements.
 */
export function pack(
  target: usize,
  source: usize,
  lines: i32,
  depth: i32,
  lineStride: i32,
  depthStride: i32,
  width: i32,
): void {
  const targetStride = <usize> width << 2;
  for (let first = 0; first < lines; first += width) {
    for (let quad = 0; quad < width; quad += 4) {
      const from = source + (<usize> (first + quad) * lineStride << 2);
      const to = target + (<usize> quad << 2);
      const count = max(0, min(4, lines - first - quad));
      if (count == 4 && depthStride == 1) {
        packQuad(to, targetStride, from, <usize> lineStride << 2, depth);
      } else {
        packLines(to, targetStride, from, lineStride, depthStride, count, depth);
      }
    }
    target += targetStride * depth;
  }
}
