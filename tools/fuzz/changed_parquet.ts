/** Parquet files that are nearly valid. */
import fc from "fast-check";
import { changedBytes } from "./mutations.ts";
import { oddIntegers } from "./odd_values.ts";
import {
  dictionaryPage,
  encodings,
  firstPage,
  levels,
  parquetBytes,
  plainTexts,
  type SamplePage,
  type SampleParquet,
  secondPage,
  type Thrift,
  type ThriftValue,
  varint,
} from "./parquet_bytes.ts";
import { parquetSamples } from "./parquet_samples.ts";

const count = fc.oneof(fc.nat({ max: 9 }), fc.constantFrom(...oddIntegers));

/** Runs of anything: of one value or packed, of any length. */
const runs = fc.array(
  fc.tuple(
    fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(2 ** 31, 2 ** 32 - 1)),
    fc.nat({ max: 3 }),
  ),
  { minLength: 1, maxLength: 3 },
).map((all) => Uint8Array.from(all.flatMap(([header, value]) => [...varint(header), value])));

const { plain, dictionary } = encodings;
const [a, b, c] = ["a", "", "Zürich"];

/** Three rows in each of the ways that are read. */
const samples: readonly SampleParquet[] = [
  { isOptional: false, pages: [firstPage(3, plain, plainTexts(a, b, c))] },
  {
    isOptional: false,
    pages: [firstPage(1, plain, plainTexts(a)), firstPage(2, plain, plainTexts(b, c))],
  },
  {
    isOptional: true,
    pages: [firstPage(3, plain, Uint8Array.of(...levels(6, 1), ...plainTexts(a, b, c)))],
  },
  {
    isOptional: false,
    pages: [
      dictionaryPage(2, plainTexts(a, c)),
      firstPage(3, dictionary, Uint8Array.of(1, 3, 0b10)),
    ],
  },
  {
    isOptional: true,
    pages: [secondPage(3, plain, 2, Uint8Array.of(6, 1, ...plainTexts(a, b, c)))],
  },
].map(({ isOptional, pages }) => ({ isOptional, groups: [{ rows: 3, pages }] }));

interface Change {
  how: "page" | "number" | "runs" | "order" | "rows" | "metadata";
  at: number;
  from: number;
  count: bigint;
  runs: Uint8Array;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom("page", "number", "runs", "order", "rows", "metadata"),
  at: fc.nat(),
  from: fc.nat(),
  count: count.map(BigInt),
  runs,
});

/** Files with other numbers in their headers and metadata, other runs and pages, or other bytes. */
export function changedParquet(): fc.Arbitrary<Uint8Array> {
  const whole = fc.tuple(
    fc.constantFrom(...samples),
    fc.array(change, { minLength: 1, maxLength: 3 }),
  ).map(([sample, changes]) => {
    const metadata = changes.filter(({ how }) => how === "metadata");
    return parquetBytes(
      changes.reduce(changed, sample),
      (fields) => metadata.reduce((all, { at, count }) => withNumber(all, at, count), fields),
    );
  });
  return fc.oneof(
    whole,
    changedBytes(...parquetSamples),
    whole.chain((bytes) => changedBytes(bytes)),
  );
}

function changed(sample: SampleParquet, change: Change): SampleParquet {
  const { how, at, from, count } = change;
  const [{ rows, pages }] = sample.groups;
  const place = at % pages.length;
  const other = pages[from % pages.length];
  if (how === "rows") {
    return { ...sample, groups: [{ pages, rows: Number(BigInt.asIntN(64, count)) }] };
  }
  if (how === "order") {
    return { ...sample, groups: [{ rows, pages: pages.toSpliced(place, from % 2, other) }] };
  }
  const changedOne = changedPage(pages[place], change);
  return { ...sample, groups: [{ rows, pages: pages.with(place, changedOne) }] };
}

function changedPage(page: SamplePage, { how, from, count, runs }: Change): SamplePage {
  const number = Number(BigInt.asIntN(32, count));
  switch (how) {
    case "page":
      return [
        { ...page, size: number },
        { ...page, compressedSize: number },
        { ...page, kind: number },
        { ...page, own: [from % 9 + 1, page.own[1]] as const },
        { ...page, bytes: page.bytes.subarray(0, from % (page.bytes.length + 1)) },
      ][from % 5];
    case "number": {
      const [field, { struct }] = page.own;
      return { ...page, own: [field, { struct: withNumber(struct, from, count) }] };
    }
    case "runs":
      return { ...page, bytes: Uint8Array.of(...page.bytes.subarray(0, from % 6), ...runs) };
    default:
      return page;
  }
}

/** A struct with another number in one of the places where one stands. */
function withNumber(fields: Thrift, at: number, count: bigint): Thrift {
  const places = numbersIn({ struct: fields });
  const chosen = at % places;
  let place = 0;
  const visit = (value: ThriftValue): ThriftValue => {
    if (typeof value === "number" || typeof value === "bigint") {
      if (place++ !== chosen) return value;
      return typeof value === "number"
        ? Number(BigInt.asIntN(32, count))
        : BigInt.asIntN(64, count);
    }
    if (typeof value !== "object") return value;
    if ("list" in value) return { list: value.list.map(visit) };
    return { struct: value.struct.map(([field, part]) => [field, visit(part)] as const) };
  };
  return (visit({ struct: fields }) as { struct: Thrift }).struct;
}

function numbersIn(value: ThriftValue): number {
  if (typeof value === "number" || typeof value === "bigint") return 1;
  if (typeof value !== "object") return 0;
  const parts = "list" in value ? value.list : value.struct.map(([, part]) => part);
  return parts.reduce((sum: number, part) => sum + numbersIn(part), 0);
}
