/** Bytes that are nearly a valid file. */
import fc from "fast-check";
import { oddBytes, oddIntegers } from "./odd_values.ts";

interface Change {
  how: "replace" | "insert" | "remove" | "repeat" | "end" | "number" | "add" | "move";
  at: number;
  /** Another place. */
  from: number;
  /** How many bytes. */
  count: number;
  bytes: Uint8Array;
  /** Takes 1, 2, 4 or 8 bytes, the lowest first. */
  number: bigint;
  width: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom(
    ...["replace", "replace", "insert", "remove", "repeat", "end"] as const,
    ...["number", "number", "add", "move"] as const,
  ),
  at: fc.nat(),
  from: fc.nat(),
  count: fc.integer({ min: 1, max: 40 }),
  bytes: fc.oneof(fc.constantFrom(...oddBytes), fc.uint8Array({ minLength: 1, maxLength: 4 })),
  number: fc.constantFrom(...oddIntegers),
  width: fc.constantFrom(1, 2, 4, 8),
});

/** Bytes of one of these files with one to four changes of a few bytes each. */
export function changedBytes(...files: Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([file, changes]) => changes.reduce(changed, file));
}

function changed(file: Uint8Array, { how, at, count, bytes, ...rest }: Change): Uint8Array {
  const from = at % (file.length + 1);
  const [before, piece, behind] = [
    file.subarray(0, from),
    file.subarray(from, from + count),
    file.subarray(from + count),
  ];
  switch (how) {
    case "insert":
      return joined(before, bytes, piece, behind);
    case "remove":
      return joined(before, behind);
    case "repeat":
      return joined(before, piece, piece, behind);
    case "end":
      return joined(before);
    case "replace":
      return joined(before, bytes, file.subarray(from + bytes.length));
    default:
      return withNumber(file, from, { how, ...rest });
  }
}

/** With another integer in the place of one; it may stand there by itself, be a sum, or come from elsewhere. */
function withNumber(
  file: Uint8Array,
  at: number,
  { how, from, number, width }: Pick<Change, "how" | "from" | "number" | "width">,
): Uint8Array {
  const copy = joined(file);
  if (file.length < width) return copy;
  const place = Math.min(at, file.length - width);
  const other = from % (file.length - width + 1);
  const there = file.subarray(place, place + width);
  const value = how === "add" ? integerOf(there) + BigInt.asIntN(8, number) : number;
  copy.set(how === "move" ? file.subarray(other, other + width) : bytesOf(value, width), place);
  return copy;
}

/** The lowest byte first. */
function integerOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value << 8n | BigInt(byte), 0n);
}

/** Two's complement, the lowest byte first. */
function bytesOf(value: bigint, width: number): Uint8Array {
  return Uint8Array.from({ length: width }, (_, i) => Number(value >> BigInt(8 * i) & 0xffn));
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
