/** Files of torch.save that are nearly valid. */
import fc from "fast-check";
import { changedBytes, joined } from "./mutations.ts";
import { oddIntegers } from "./odd_values.ts";
import {
  nestedTuple,
  pickle,
  pickledTensor,
  type SampleEntry,
  sampleStateDict,
  sampleStorages,
  type SampleView,
  torchArchive,
  torchLegacy,
  zipBytes,
} from "./torch_samples.ts";

/** Mostly small: what a view of a small storage may have. */
const count = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 13 }), weight: 6 },
  {
    arbitrary: fc.constantFrom(...oddIntegers).map((each) => Number(BigInt.asIntN(32, each))),
    weight: 1,
  },
);

const kinds = [
  "Half",
  "Float",
  "Double",
  "BFloat16",
  "Long",
  "Int",
  "Short",
  "Char",
  "Byte",
  "Bool",
];

/** Any view of the sample's storages. */
const view: fc.Arbitrary<SampleView> = fc.record({
  storage: fc.constantFrom(...kinds, "ComplexFloat", "QInt8").map((kind) => `${kind}Storage`),
  key: fc.constantFrom("0", "1", "2", ""),
  count: fc.oneof(fc.constantFrom(12, 2, 6, 3, 24, 4, 1), count),
  offset: count,
  size: fc.array(count, { maxLength: 4 }),
  sizes: fc.constantFrom(undefined, undefined, undefined, nestedTuple(1), nestedTuple(20_000)),
  stride: fc.array(count, { maxLength: 4 }),
});

/** A view that is one, but for what is changed of it. */
const nearlySound: fc.Arbitrary<SampleView> = fc.tuple(
  fc.constantFrom<SampleView>(
    { storage: "HalfStorage", key: "0", count: 12, offset: 0, size: [3, 4], stride: [4, 1] },
    { storage: "HalfStorage", key: "0", count: 12, offset: 1, size: [2, 2], stride: [1, 5] },
    { storage: "ShortStorage", key: "1", count: 2, offset: 0, size: [2, 1, 2], stride: [0, 9, 1] },
    { storage: "ShortStorage", key: "1", count: 2, offset: 1, size: [], stride: [] },
  ),
  view,
  fc.subarray(["storage", "count", "offset", "size", "stride", "sizes"] as const, { maxLength: 2 }),
).map(([sound, other, parts]) => ({
  ...sound,
  ...Object.fromEntries(parts.map((part) => [part, other[part]])),
}));

const views = fc.array(
  fc.oneof({ arbitrary: nearlySound, weight: 5 }, { arbitrary: view, weight: 1 }),
  { minLength: 1, maxLength: 3 },
);

function stateDictOf(views: SampleView[]): Uint8Array {
  const pairs = views.map((view, index) => joined(pickle.text(`${index}`), pickledTensor(view)));
  return pickle.of(pickle.dict(), joined(pickle.code("("), ...pairs, pickle.code("u")));
}

/** A legacy file has the storages of its views and no others. */
function legacyOf(views: SampleView[]): Uint8Array {
  const used = Object.entries(sampleStorages).filter(([key]) =>
    views.some((view) => view.key === key)
  );
  return torchLegacy(stateDictOf(views), Object.fromEntries(used), 2);
}

/** What a zip archive says of an entry. */
const entryChange: fc.Arbitrary<Partial<SampleEntry>> = fc.oneof(
  fc.record({ wide: fc.constant(true) }),
  fc.record({ method: fc.constantFrom(8, 1, 12, 99) }),
  fc.record({ at: count, wide: fc.boolean() }),
  fc.record({ ownName: fc.constantFrom("", "archive/data/1", "archive/data.pkl") }),
  fc.record({ name: fc.constantFrom("", "/", "a/../b", "archive/data/1", "archive/x\0", "\\") }),
);

const archive = fc.tuple(
  fc.array(fc.tuple(fc.nat({ max: 4 }), entryChange), { minLength: 1, maxLength: 2 }),
  fc.constantFrom("little", "big", ""),
).map(([changes, order]) => {
  const entries: SampleEntry[] = [
    { name: "archive/data.pkl", bytes: sampleStateDict },
    { name: "archive/byteorder", bytes: pickle.code(order) },
    ...Object.entries(sampleStorages).map(([key, bytes]) => ({
      name: `archive/data/${key}`,
      bytes,
    })),
    { name: "archive/version", bytes: pickle.code("3\n") },
  ];
  for (const [index, change] of changes) entries[index] = { ...entries[index], ...change };
  return zipBytes(entries);
});

/** Archives and legacy files with other views, other entries, another pickle or other bytes. */
export function changedTorch(): fc.Arbitrary<Uint8Array> {
  const whole = (pkl: Uint8Array) => torchArchive(pkl, sampleStorages);
  return fc.oneof(
    changedBytes(whole(sampleStateDict), torchLegacy(sampleStateDict, sampleStorages, 2)),
    changedBytes(sampleStateDict).map(whole),
    views.map((each) => whole(stateDictOf(each))),
    views.map(legacyOf),
    archive,
    archive.chain((bytes) => changedBytes(bytes)),
  );
}
