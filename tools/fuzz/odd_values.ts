/** What stands where something else is expected. */

/** A JSON text that no value becomes, in the place of a value: a number that is too large, a key twice. */
export class RawJson {
  constructor(readonly text: string) {}
}

const utf8 = new TextEncoder();

/** Around what 8, 16, 32, 53 and 64 bits hold, with and without sign. */
export const oddIntegers: readonly bigint[] = [7n, 8n, 15n, 16n, 31n, 32n, 53n, 63n, 64n]
  .flatMap((bits) => [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n])
  .concat(0n, 1n, 2n, 3n, -1n, -2n, 31n, 33n, 100n, 1000n, 10n ** 9n);

/** Values of JSON. */
export const oddValues: readonly unknown[] = [
  null,
  true,
  false,
  "",
  " ",
  "7",
  "NaN",
  "-Infinity",
  "\x1b[31m\ud800\0",
  "\u202e\u0301\ufeff",
  "e\u0301",
  "\ud83d\ude00",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "toString",
  "length",
  "x".repeat(5000),
  ...[3.5, 0.1, 1e-320, 1e308, -0.5, 2 ** -149],
  ...oddIntegers.map(Number),
  [],
  {},
  [[[[]]]],
  [null],
  [[0, 0], [0, 0]],
  Array.from({ length: 1000 }, () => 0),
  { constructor: 1, toString: null, hasOwnProperty: {} },
  JSON.parse('{"__proto__": {"bits": 4}}'),
  JSON.parse("[".repeat(90) + "]".repeat(90)),
  ...[
    "-0",
    "1e999",
    "-1e999",
    "1E-999",
    "1".repeat(400),
    "0.1e+00000000000000000001",
    "NaN",
    "01",
    '{"a":1,"a":2}',
    '{"__proto__":1,"__proto__":2}',
    '"\\ud800"',
    '"\\u0000"',
    "[".repeat(101) + "]".repeat(101),
    "[".repeat(20_000) + "]".repeat(20_000),
    '{"a":'.repeat(3000) + "0" + "}".repeat(3000),
  ].map((text) => new RawJson(text)),
];

/** Pieces of files that mean something to a reader of JSON, numbers or UTF-8. */
export const oddBytes: readonly Uint8Array[] = [
  ...[
    "\0",
    "\ufeff",
    "\r\n",
    "\u2028",
    '"',
    "\\",
    "[",
    "{",
    "}",
    ",",
    "-",
    "1e400",
    "NaN",
    "[".repeat(1000),
    " ".repeat(1000),
  ].map((text) => utf8.encode(text)),
  Uint8Array.of(0xff),
  Uint8Array.of(0xed, 0xa0, 0x80), // a surrogate
  Uint8Array.of(0xc0, 0x80), // zero, longer than it need be
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07), // 2^31 - 1 in sevens of bits
];
