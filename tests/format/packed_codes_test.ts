import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InputError } from "../../lib/core/mod.ts";
import { packCodes, unpackCodes } from "../../lib/format/packed_codes.ts";

/** Codes with their bits, and a part of them. */
const streams = fc.integer({ min: 2, max: 8 }).chain((bits) =>
  fc.record({
    bits: fc.constant(bits),
    codes: fc.uint8Array({ max: 2 ** bits - 1, maxLength: 40 }),
    ends: fc.tuple(fc.nat(40), fc.nat(40)),
  })
);

/** Bit by bit, the lowest first. */
function bitsOf(values: Uint8Array, bits: number): number[] {
  return [...values].flatMap((value) => Array.from({ length: bits }, (_, bit) => value >> bit & 1));
}

Deno.test("packCodes() puts the bits of codes one after the other, the last byte filled up", () => {
  fc.assert(fc.property(streams, ({ bits, codes }) => {
    const packed = bitsOf(packCodes(codes, bits), 8);
    const used = bits * codes.length;
    assertEquals(packed.slice(0, used), bitsOf(codes, bits));
    assertEquals(packed.slice(used), Array(8 * Math.ceil(used / 8) - used).fill(0));
  }));
});

Deno.test("unpackCodes() reads any part of what packCodes() wrote", () => {
  fc.assert(fc.property(streams, ({ bits, codes, ends }) => {
    const [first, end] = ends.map((place) => Math.min(place, codes.length)).sort((a, b) => a - b);
    const part = new Uint8Array(end - first).fill(255);
    unpackCodes(packCodes(codes, bits), bits, first, part);
    assertEquals(part, codes.slice(first, end));
  }));
});

Deno.test("unpackCodes() begins and ends at any code, whatever the bits", () => {
  for (let bits = 2; bits <= 8; bits++) {
    const codes = Uint8Array.from({ length: 40 }, (_, i) => 2 ** bits - 1 - i * 37 % 2 ** bits);
    const packed = packCodes(codes, bits);
    for (let first = 0; first <= 9; first++) {
      for (const end of [30, 31, 32, 33, 37, 38, 39, 40]) {
        const part = new Uint8Array(end - first);
        unpackCodes(packed, bits, first, part);
        assertEquals(part, codes.slice(first, end), `${bits} bits, ${first}..${end}`);
      }
    }
  }
});

Deno.test("packCodes() takes the tightest room, the first code in the lowest bits", () => {
  assertEquals(packCodes(Uint8Array.of(1, 2, 3), 4), Uint8Array.of(0x21, 0x03));
  assertEquals(packCodes(Uint8Array.of(7, 0, 7), 3), Uint8Array.of(0b11000111, 1));
});

for (
  const [codes, bits, rule] of [
    [[3, 16], 4, "codes must be integers in 0..15, got 16"],
    [[0], 9, "bits must be an integer in 2..8, got 9"],
    [[0], 2.5, "bits must be an integer in 2..8, got 2.5"],
    [[0], 1, "bits must be an integer in 2..8, got 1"],
  ] as const
) {
  Deno.test(`packCodes() refuses ${codes} in ${bits} bits`, () => {
    assertThrows(
      () => packCodes(Uint8Array.from(codes), bits, "store up"),
      InputError,
      `Cannot store up: ${rule}`,
    );
  });
}
