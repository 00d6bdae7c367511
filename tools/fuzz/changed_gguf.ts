/** GGUF files that are nearly valid. */
import fc from "fast-check";
import { ggufBytes, type SampleGguf, type SampleTensor, type SampleValue } from "./gguf_bytes.ts";
import { changedBytes } from "./mutations.ts";
import { oddIntegers } from "./odd_values.ts";

const count = fc.oneof(fc.constantFrom(...oddIntegers), fc.bigInt({ min: 0n, max: 300n }))
  .map((value) => Number(BigInt.asUintN(64, value)));

const numberTypes = ["u8", "i8", "u16", "i16", "u32", "i32", "f32", "u64", "i64", "f64"] as const;

/** Values of every type, among them such as a file would never have in the place of another. */
const value: fc.Arbitrary<SampleValue> = fc.oneof(
  fc.tuple(fc.constantFrom(...numberTypes.slice(0, 6)), fc.constantFrom(0, 1, 2, 127, 2 ** 31)),
  fc.tuple(fc.constantFrom("u64" as const, "i64" as const), count),
  fc.tuple(fc.constantFrom("f32" as const, "f64" as const), fc.double()),
  fc.tuple(fc.constant("bool" as const), fc.constantFrom(true, false, 2 as unknown as boolean)),
  fc.tuple(
    fc.constant("string" as const),
    fc.constantFrom("", "llama", "qwen2", "gpt2", "__proto__", "\0", "e\u0301", "x".repeat(3000)),
  ),
  fc.tuple(
    fc.constantFrom(...numberTypes).map((type) => `${type}[]` as const),
    fc.array(fc.constantFrom(0, 1, 2, 3, 127, 2 ** 31 - 1), { maxLength: 9 }),
  ),
  fc.tuple(
    fc.constant("string[]" as const),
    fc.array(fc.constantFrom("", "a", "t", "h", "th", "t h", "<0x61>"), { maxLength: 9 }),
  ),
  fc.tuple(fc.constant("bool[]" as const), fc.array(fc.boolean(), { maxLength: 9 })),
);

interface Change {
  how: "value" | "remove" | "name" | "shape" | "type" | "offset" | "data" | "copy";
  at: number;
  from: number;
  value: SampleValue;
  count: number;
}

const change: fc.Arbitrary<Change> = fc.record({
  how: fc.constantFrom(
    ...["value", "value", "value", "remove", "name", "shape", "shape", "type"] as const,
    ...["offset", "data", "copy"] as const,
  ),
  at: fc.nat(),
  from: fc.nat(),
  value,
  count,
});

/** One of these files with one to four changes of values, shapes, types and places, or of bytes. */
export function changedGguf(...files: SampleGguf[]): fc.Arbitrary<Uint8Array> {
  const changes = fc.array(change, { minLength: 1, maxLength: 4 });
  const whole = fc.tuple(fc.constantFrom(...files), changes)
    .map(([file, changes]) => ggufBytes(changes.reduce(changed, file)));
  const damaged = changedBytes(...files.map(ggufBytes));
  return fc.oneof(whole, damaged, whole.chain((bytes) => changedBytes(bytes)));
}

function changed(file: SampleGguf, change: Change): SampleGguf {
  const { how, at, from, value } = change;
  const pairs = Object.entries(file.metadata ?? {});
  const tensors = [...file.tensors ?? []];
  const [key, ...others] = [at, from].map((index) => pairs[index % pairs.length]?.[0]);
  if (how === "value" && key !== undefined) {
    return { ...file, metadata: { ...file.metadata, [key]: value } };
  }
  if (how === "remove" && key !== undefined) {
    return { ...file, metadata: Object.fromEntries(pairs.filter(([name]) => name !== key)) };
  }
  if (how === "copy" && key !== undefined) {
    return { ...file, metadata: { ...file.metadata, [key]: file.metadata![others[0]] } };
  }
  if (tensors.length === 0) return file;
  const place = at % tensors.length;
  tensors[place] = changedTensor(tensors[place], tensors[from % tensors.length], change);
  return { ...file, tensors };
}

function changedTensor(
  tensor: SampleTensor,
  other: SampleTensor,
  { how, from, count }: Change,
): SampleTensor {
  const { shape } = tensor;
  switch (how) {
    case "name":
      return { ...tensor, name: other.name };
    case "shape": {
      if (shape.length === 0) return { ...tensor, shape: [count] };
      const axis = from % (shape.length + 1);
      const shapes = [shape.with(axis % shape.length, count), shape.toSpliced(axis, 0, count)];
      return { ...tensor, shape: [...shapes, shape.slice(1), shape.toReversed()][from % 4] };
    }
    case "type":
      return { ...tensor, type: from % 45 };
    case "offset":
      return { ...tensor, offset: count };
    case "data":
      return { ...tensor, data: tensor.data.subarray(0, count) };
    default:
      return { ...tensor, data: other.data };
  }
}
