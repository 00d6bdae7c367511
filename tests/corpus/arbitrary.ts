import fc from "fast-check";

/** Text of any code points but lone surrogates; fast-check's own needs seconds to warm up. */
export const unicodeText: fc.Arbitrary<string> = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 0xff }),
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
  ),
  { maxLength: 12 },
).map((codePoints) => String.fromCodePoint(...codePoints));
