/** Files that are nearly valid. */
import fc from "fast-check";

/** What stands where something else is expected. */
const oddValues: readonly unknown[] = [
  null,
  true,
  "",
  "7",
  "\x1b[31m\ud800\0",
  "__proto__",
  "x".repeat(5000),
  0,
  -1,
  3.5,
  1e9,
  2 ** 32 + 5,
  1e308,
  [],
  {},
  [[[[]]]],
  JSON.parse("[".repeat(90) + "]".repeat(90)),
];

/** Pieces of text that mean something to a reader of JSON, numbers or UTF-8. */
const oddTexts = [
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
].map((text) => new TextEncoder().encode(text));

const oddBytes = [...oddTexts, Uint8Array.of(0xff), Uint8Array.of(0xed, 0xa0, 0x80)];

/** Bytes of one of these files with one to four changes of a few bytes each. */
export function changedBytes(...files: Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    how: fc.constantFrom("replace", "insert", "remove", "repeat", "end"),
    at: fc.nat(),
    count: fc.integer({ min: 1, max: 40 }),
    bytes: fc.oneof(fc.constantFrom(...oddBytes), fc.uint8Array({ minLength: 1, maxLength: 4 })),
  });
  return fc.tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([file, changes]) =>
      changes.reduce((current, { how, at, count, bytes }) => {
        const from = at % (current.length + 1);
        const [before, piece, rest] = [
          current.subarray(0, from),
          current.subarray(from, from + count),
          current.subarray(from + count),
        ];
        if (how === "insert") return joined(before, bytes, piece, rest);
        if (how === "remove") return joined(before, rest);
        if (how === "repeat") return joined(before, piece, piece, rest);
        if (how === "end") return joined(before);
        return joined(before, bytes, current.subarray(from + bytes.length));
      }, file)
    );
}

/**
 * JSON of one of these values with one to three parts replaced by odd values or by each other, left
 * out or renamed; in some, bytes are changed as well.
 */
export function changedJson(...values: unknown[]): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    how: fc.constantFrom("replace", "replace", "copy", "remove", "rename"),
    at: fc.nat(),
    from: fc.nat(),
    odd: fc.oneof(fc.constantFrom(...oddValues), fc.integer(), fc.double()),
  });
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  const whole = fc.tuple(fc.constantFrom(...values), changes).map(([value, changes]) =>
    jsonBytes(changes.reduce(changed, structuredClone(value)))
  );
  const damaged = whole.chain((bytes) => changedBytes(bytes));
  return fc.oneof({ arbitrary: whole, weight: 4 }, { arbitrary: damaged, weight: 1 });
}

interface Change {
  how: string;
  at: number;
  from: number;
  odd: unknown;
}

function changed(value: unknown, { how, at, from, odd }: Change): unknown {
  const root = { value };
  const places = [...placesIn(root)];
  const { parent, key } = places[at % places.length];
  const other = places[from % places.length];
  if (how === "remove" && Array.isArray(parent)) parent.splice(Number(key), 1);
  else if (how === "remove") delete parent[key];
  else if (how === "copy") define(parent, key, structuredClone(other.parent[other.key]));
  else if (how === "rename") define(parent, typeof odd === "string" ? odd : other.key, parent[key]);
  else define(parent, key, structuredClone(odd));
  return root.value;
}

type Parent = Record<string, unknown>;

function* placesIn(parent: Parent): Iterable<{ parent: Parent; key: string }> {
  for (const [key, part] of Object.entries(parent)) {
    yield { parent, key };
    if (typeof part === "object" && part !== null) yield* placesIn(part as Parent);
  }
}

/** Sets a property whatever its name; in an array a strange name is lost when it becomes JSON. */
function define(parent: Parent, key: string, value: unknown): void {
  const settings = { value, enumerable: true, configurable: true, writable: true };
  if (!(Array.isArray(parent) && key === "length")) Object.defineProperty(parent, key, settings);
}

/** Pieces of a file as one. */
export function joined(...pieces: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** A value as a JSON file. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value ?? null));
}
