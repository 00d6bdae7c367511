import { assert } from "@std/assert";
import fc from "fast-check";
import type { UniformGrid } from "../../lib/format/mod.ts";
import { readGolden } from "../golden/read_golden.ts";

/** The tensors of one file of a folder of `tests/golden`, by name. */
export function goldenTensors(stem: string, folder = "quant") {
  const { tensors } = readGolden(`${folder}/${stem}.safetensors`);
  const find = (name: string) => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`${stem} has no tensor ${name}`);
    return tensor;
  };
  return {
    has: (name: string) => tensors.has(name),
    shape: (name: string) => find(name).shape,
    floats: (name: string) => find(name).data as Float32Array,
    integers: (name: string) => find(name).data as Int32Array,
  };
}

/** Asserts that two number sequences are equal at zero tolerance (0 and -0 being equal). */
export function assertSameNumbers(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
): void {
  assert(actual.length === expected.length, `${what}: ${actual.length} not ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    assert(actual[i] === expected[i], `${what}[${i}]: ${actual[i]} not ${expected[i]}`);
  }
}

/** `[rows, channels]` of finite float32 numbers between -1000 and 1000. */
export function matrix(channels: number): fc.Arbitrary<Float32Array> {
  const value = fc.float({ min: -1000, max: 1000, noNaN: true });
  return fc.array(fc.array(value, { minLength: channels, maxLength: channels }), {
    minLength: 1,
    maxLength: 12,
  }).map((rows) => Float32Array.from(rows.flat()));
}

/** The integer nearest to `value`, ties to even, spelled out. */
export function nearestEven(value: number): number {
  const below = Math.floor(value);
  const fraction = value - below;
  if (fraction !== 0.5) return fraction < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

/** Any grid, related to no input; `channels` x `inner` elements are a period. */
export function anyParams(channels: number, inner: number): fc.Arbitrary<UniformGrid> {
  const perChannel = { minLength: channels, maxLength: channels };
  return fc.record({
    bits: fc.integer({ min: 2, max: 8 }),
    signed: fc.boolean(),
    profile: fc.constantFrom("paper" as const, "released" as const),
    scale: fc.array(fc.float({ min: Math.fround(2 ** -23), max: 100, noNaN: true }), perChannel),
    offset: fc.array(fc.nat(255), perChannel),
  }).map(({ bits, signed, profile, scale, offset }) => {
    const codeMin = signed ? -(2 ** (bits - 1)) : 0;
    const zeroPoint = Int32Array.from(offset, (value) => codeMin + value % 2 ** bits);
    const codeMax = codeMin + 2 ** bits - 1;
    return { bits, profile, codeMin, codeMax, scale: Float32Array.from(scale), zeroPoint, inner };
  });
}
