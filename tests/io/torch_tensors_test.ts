import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readPickle } from "../../lib/io/pickle_reader.ts";
import { readStateDict, torchGlobals } from "../../lib/io/torch_tensors.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import {
  nestedTuple,
  pickle,
  pickledTensor,
  type SampleView,
} from "../../tools/fuzz/torch_samples.ts";

const path = "a.bin";
const { code, dict, global, int, list, text, tuple } = pickle;

function stateOf(value: Uint8Array, fileSize = 1000) {
  const { value: state } = readPickle(pickle.of(value), { path, globals: torchGlobals });
  return readStateDict(state, path, fileSize);
}

const view: SampleView = { storage: "HalfStorage", key: "0", count: 12 };

function refuses(message: string, value: Uint8Array, fileSize?: number): void {
  assertThrows(() => stateOf(value, fileSize), InputError, message);
}

/** Refuses tensor `w`, made as told. */
function refusesView(rule: string, changes: Partial<SampleView>): void {
  const value = dict(["w", pickledTensor({ ...view, ...changes })]);
  refuses(`Cannot read tensor w of a.bin: ${rule}`, value);
}

Deno.test("readStateDict() says where tensors lie in their storages", () => {
  const middle = { ...view, offset: 2, size: [2, 3], stride: [4, 1] };
  const { tensors, storages } = stateOf(
    dict(["a", pickledTensor(view)], ["b", pickledTensor(middle)]),
  );
  const storage = { key: "0", dtype: "F16", elementBytes: 2, byteLength: 24 };
  assertEquals(storages, new Map([["0", storage]]));
  const whole = { dtype: "F16", shape: [12], byteLength: 24, storage, offset: 0, span: 24 };
  assertEquals(tensors.get("a"), { ...whole, stride: [1] });
  const part = { shape: [2, 3], byteLength: 12, offset: 4, span: 14, stride: [4, 1] };
  assertEquals(tensors.get("b"), { ...whole, ...part });
  assertStrictEquals(tensors.get("a")!.storage, tensors.get("b")!.storage);
});

Deno.test("readStateDict() knows the storages of PyTorch", () => {
  const classes = {
    ...{ Double: "F64 8", Float: "F32 4", Half: "F16 2", BFloat16: "BF16 2", Long: "I64 8" },
    ...{ Int: "I32 4", Short: "I16 2", Char: "I8 1", Byte: "U8 1", Bool: "BOOL 1" },
    ...{ ComplexFloat: "C64 8", ComplexDouble: "C128 16" },
  };
  for (const [name, expected] of Object.entries(classes)) {
    const { storages } = stateOf(
      dict(["a", pickledTensor({ ...view, storage: `${name}Storage` })]),
    );
    const { dtype, elementBytes, byteLength } = storages.get("0")!;
    assertEquals([`${dtype} ${elementBytes}`, byteLength], [expected, 12 * elementBytes]);
  }
});

Deno.test("readStateDict() takes parameters, sizes of torch.Size and scalars", () => {
  const parameter = joined(
    global("torch._utils", "_rebuild_parameter"),
    tuple(pickledTensor(view), Uint8Array.of(0x88), code("N")),
    code("R"),
  );
  const scalar = pickledTensor({ ...view, offset: 11, size: [], stride: [] });
  const { tensors } = stateOf(dict(["p", parameter], ["s", scalar]));
  assertEquals(tensors.get("p")!.shape, [12]);
  const { shape, byteLength, offset, span } = tensors.get("s")!;
  assertEquals({ shape, byteLength, offset, span }, {
    shape: [],
    byteLength: 2,
    offset: 22,
    span: 2,
  });
});

Deno.test("readStateDict() refuses tensors that leave their storage", () => {
  const rule = "it must end within its storage of 24 bytes, got";
  refusesView(`${rule} 26`, { offset: 1 });
  refusesView(`${rule} 26`, { size: [2, 6], stride: [7, 1] });
  refusesView(`${rule} 28`, { offset: 14, size: [0] });
  refusesView(`${rule} 48`, { size: [24] });
  refusesView("its offset must be an integer of 0 or more, got -1", { offset: -1 });
  // From element 11 backwards it would stay inside.
  refusesView("its strides must be integers of 0 or more, got [-1]", { offset: 11, stride: [-1] });
  refusesView("its sizes must be integers of 0 or more, got [-1]", { size: [-1] });
  for (const depth of [1, 100_000]) {
    const rule = 'its sizes must be integers of 0 or more, got ["a tuple"]';
    refusesView(rule, { sizes: nestedTuple(depth) });
  }
  refusesView("it must have a stride for each size, got [[3,4],[1]]", { size: [3, 4] });
  refusesView("its storage must have 0 or more elements, got -12", { count: -12, size: [1] });
});

Deno.test("readStateDict() refuses a small storage that stands for a large tensor", () => {
  const million = 2 ** 20;
  const repeated = (size: number[]) =>
    dict(["w", pickledTensor({ ...view, size, stride: size.map(() => 0) })]);
  assertEquals(stateOf(repeated([million / 2])).tensors.get("w")!.byteLength, million);
  const rule = `Cannot read tensor w of a.bin: it must take at most ${million} bytes, got`;
  refuses(`${rule} ${million + 2}`, repeated([million / 2 + 1]));
  refuses("it must take at most 2000000 bytes", repeated([million]), 2_000_000);
  assertEquals(stateOf(repeated([million]), 3_000_000).tensors.size, 1);
  const size = Array(9).fill(2 ** 30);
  refuses("Cannot read tensor w of a.bin: it must have fewer elements", repeated(size));
});

Deno.test("readStateDict() refuses what is no dictionary of tensors", () => {
  refuses('Cannot read a.bin: its pickle must hold a dictionary of tensors, got "a list"', list());
  const value = (rule: string, value: Uint8Array) =>
    refuses(`Cannot read tensor w of a.bin: ${rule}`, dict(["w", value]));
  value('it must be a tensor, got "7"', int(7));
  value('it must be a tensor, got "a dictionary"', dict(["a", pickledTensor(view)]));
  value(
    'it must be a tensor, got "a call of torch.Size"',
    joined(global("torch", "Size"), code(")R")),
  );
  const parameter = joined(global("torch._utils", "_rebuild_parameter"), code(")R"));
  value('it must be a tensor, got "None"', parameter);
  const short = joined(global("torch._utils", "_rebuild_tensor_v2"), tuple(int(1)), code("R"));
  value("torch._utils._rebuild_tensor_v2 must have 6 arguments, got 1", short);
  const numbered = joined(code("}"), int(3), int(4), code("s"));
  refuses('Cannot read a.bin: the names of its tensors must be text, got "3"', numbered);
});

Deno.test("readStateDict() refuses storages that are none, or not the same everywhere", () => {
  refusesView('its storage must be of a class of storages, got "torch.float16"', {
    storage: "float16",
  });
  const other = (changes: Partial<SampleView>) =>
    dict(["a", pickledTensor(view)], ["w", pickledTensor({ ...view, size: [1], ...changes })]);
  const rule =
    'Cannot read tensor w of a.bin: tensors of one storage must agree on its class and size, got "0"';
  refuses(rule, other({ storage: "ShortStorage" }));
  refuses(rule, other({ count: 13 }));
  const whole = "Cannot read tensor w of a.bin: it must be a view of a storage as a whole";
  const tensor = (...reference: Uint8Array[]) =>
    dict([
      "w",
      joined(
        global("torch._utils", "_rebuild_tensor_v2"),
        tuple(joined(...reference), int(0), code(")"), code(")"), code("N"), code("N")),
        code("R"),
      ),
    ]);
  refuses(whole, tensor(code("N")));
  refuses(whole, tensor(tuple(text("module")), code("Q")));
  const part = tuple(text("part"), int(0), int(2));
  const half = [text("storage"), global("torch", "HalfStorage"), text("0"), text("cpu"), int(2)];
  refuses(whole, tensor(tuple(...half, part), code("Q")));
  assertEquals(stateOf(tensor(tuple(...half, code("N")), code("Q"))).storages.size, 1);
});
