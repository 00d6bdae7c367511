/**
 * The integer nearest to `value`, ties to even, as `torch.round`.
 *
 * 1.5 * 2^52 leaves a float64 no bits for a fraction, so adding it rounds to the nearest integer,
 * ties to even, and subtracting it again yields that integer. Exact for |value| <= 2^51; larger
 * values stay large, so clipping them afterwards is still right.
 */
export function roundHalfEven(value: number): number {
  const magic = 6755399441055744; // local, or the optimizer loads it anew for every element
  return (value + magic) - magic;
}

const half = new Float16Array(1);

/** The float16 nearest to `value`: `Math.f16round`, which takes V8 five times as long. */
export function roundToFloat16(value: number): number {
  half[0] = value;
  return half[0];
}
