/** JSON that is nearly a valid file. */
import fc from "fast-check";
import { changedBytes } from "./mutations.ts";
import { oddValues, RawJson } from "./odd_values.ts";

interface Change {
  how: "replace" | "copy" | "remove" | "rename" | "nudge" | "wrap" | "repeat";
  at: number;
  from: number;
  odd: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom(
    ...["replace", "replace", "copy", "remove", "rename", "nudge", "nudge", "wrap"] as const,
    "repeat" as const,
  ),
  at: fc.nat(),
  from: fc.nat(),
  odd: fc.oneof(
    { arbitrary: fc.constantFrom(...oddValues), weight: 4 },
    { arbitrary: fc.integer(), weight: 1 },
    { arbitrary: fc.double(), weight: 1 },
  ),
});

/**
 * JSON of one of these values with one to three parts replaced by odd values or by each other, changed a
 * little, wrapped, left out, renamed or written twice; in some, bytes are changed as well.
 */
export function changedJson(...values: unknown[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(change, { minLength: 1, maxLength: 3 });
  const whole = fc.tuple(fc.constantFrom(...values), changes).map(([value, changes]) =>
    jsonBytes(changes.reduce(changed, copied(value)))
  );
  const damaged = whole.chain((bytes) => changedBytes(bytes));
  return fc.oneof({ arbitrary: whole, weight: 5 }, { arbitrary: damaged, weight: 1 });
}

function changed(value: unknown, { how, at, from, odd }: Change): unknown {
  const root = { value };
  const places = placesIn(root);
  if (places.length === 0) return undefined;
  const { parent, key } = places[at % places.length];
  const other = places[from % places.length];
  const there = parent[key];
  switch (how) {
    case "remove":
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case "copy":
      define(parent, key, copied(other.parent[other.key]));
      break;
    case "rename":
      define(parent, typeof odd === "string" ? odd : other.key, there);
      break;
    case "nudge":
      define(parent, key, nudged(there, from));
      break;
    case "wrap":
      define(parent, key, wrapped(there, from));
      break;
    case "repeat":
      if (Array.isArray(parent)) parent.push(copied(there));
      else define(parent, `${twice}${key}`, copied(odd));
      break;
    default:
      define(parent, key, copied(odd));
  }
  return root.value;
}

/** Nearly the same value. */
function nudged(value: unknown, from: number): unknown {
  if (typeof value === "number") {
    const near = [value + 1, value - 1, -value, 2 * value, value + 0.5, value + 2 ** 32, 1 / value];
    return near[from % near.length];
  }
  if (typeof value === "boolean") return !value;
  if (typeof value !== "string") return value;
  const middle = from % (value.length + 1);
  const [start, end] = [value.slice(0, middle), value.slice(middle)];
  const near = [start, `${start} ${end}`, `${start}\u0301${end}`, value.toUpperCase(), end + start];
  return near[from % near.length];
}

/** The same in another type. */
function wrapped(value: unknown, from: number): unknown {
  const unwrapped = typeof value === "object" && value !== null
    ? Object.values(value)
    : Number(value);
  const others = [[value], { value }, JSON.stringify(value), unwrapped];
  return others[from % others.length];
}

type Parent = Record<string, unknown>;

function placesIn(parent: Parent, places: { parent: Parent; key: string }[] = []) {
  for (const key of Object.keys(parent)) {
    places.push({ parent, key });
    const part = parent[key];
    const isInner = typeof part === "object" && part !== null && !(part instanceof RawJson);
    if (isInner) placesIn(part as Parent, places);
  }
  return places;
}

/** A copy in which raw texts are what they were. */
function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof RawJson) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy: Parent = {};
  for (const [key, part] of Object.entries(value)) define(copy, key, copied(part));
  return copy;
}

/** Sets a property whatever its name; an array has none that are named, `constructor` least of all. */
function define(parent: Parent, key: string, value: unknown): void {
  const settings = { value, enumerable: true, configurable: true, writable: true };
  if (!Array.isArray(parent) || /^\d+$/.test(key)) Object.defineProperty(parent, key, settings);
}

/** Begins the name of a property that is to be there a second time. */
const twice = "\u0001twice ";

/** Around the number of a raw text. */
const mark = "\u0001raw ";

/** A value as a JSON file. */
export function jsonBytes(value: unknown): Uint8Array {
  const raw: string[] = [];
  const text = JSON.stringify(
    value ?? null,
    (_, part) => part instanceof RawJson ? `${mark}${raw.push(part.text) - 1}` : part,
  ) ?? "null";
  return new TextEncoder().encode(
    text.includes("\\u0001")
      ? text.replaceAll(/"\\u0001raw (\d+)"/g, (_, index) => raw[index])
        .replaceAll("\\u0001twice ", "")
      : text,
  );
}
