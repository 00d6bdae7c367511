import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readPickle } from "../../lib/io/pickle_reader.ts";
import {
  PickledCall,
  PickledGlobal,
  PickledList,
  PickledReference,
  type PickledValue,
} from "../../lib/io/pickled_value.ts";
import { joined } from "../../tools/fuzz/mutations.ts";
import { littleEndian, pickle } from "../../tools/fuzz/torch_samples.ts";

const { code, dict, global, int, list, text, tuple } = pickle;

const source = { path: "a.bin", globals: new Set(["torch.Size", "collections.OrderedDict"]) };

function valueOf(...parts: Uint8Array[]): PickledValue {
  return readPickle(pickle.of(...parts), source).value;
}

function refuses(rule: string, ...parts: Uint8Array[]): void {
  assertThrows(() => valueOf(...parts), InputError, `Cannot read a.bin: ${rule}`);
}

/** One opcode of a number. */
const opcode = (number: number, ...rest: number[]) => Uint8Array.of(number, ...rest);

/** One opcode, so many times. */
const repeated = (text: string, count: number) => new Uint8Array(count).fill(text.charCodeAt(0));

Deno.test("readPickle() reads numbers, texts and containers", () => {
  const scalars = tuple(
    ...[code("N"), opcode(0x88), opcode(0x89), opcode(0x4b, 200), opcode(0x4d, 1, 2), int(-3)],
    ...[opcode(0x8a, 2, 0, 0x80), opcode(0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0)],
    ...[opcode(0x55, 2, 0x61, 0x62), text("é")],
  );
  const numbers = [null, true, false, 200, 513, -3, -32768, 1.5, "ab", "é"];
  assertEquals(valueOf(scalars), numbers);
  const items = valueOf(joined(list(int(1), text("b")), int(3), code("a")));
  assertEquals((items as PickledList).items, [1, "b", 3]);
  assertEquals(
    valueOf(joined(dict(["a", int(1)]), text("b"), int(2), code("s"))),
    new Map([["a", 1], ["b", 2]]),
  );
  assertEquals(valueOf(opcode(0x8f)), new Set());
  assertEquals(valueOf(tuple(code(")"), joined(int(1), opcode(0x85)))), [[], [1]]);
  assertEquals(valueOf(int(1), int(2), opcode(0x86)), [1, 2]);
  assertEquals(valueOf(int(1), int(2), int(3), opcode(0x87)), [1, 2, 3]);
});

Deno.test("readPickle() gives back what was put aside, the same object", () => {
  const put = [code("]"), code("q\x05"), code("h\x05"), opcode(0x86)];
  const [one, other] = valueOf(...put) as PickledValue[];
  assertStrictEquals(one, other);
  const wide = [
    code("]"),
    code("r"),
    littleEndian([70000, 4]),
    code("j"),
    littleEndian([70000, 4]),
  ];
  const [first, second] = valueOf(...wide, opcode(0x86)) as PickledValue[];
  assertStrictEquals(first, second);
  // A list that holds itself.
  const itself = valueOf(code("]q\x00h\x00a")) as PickledList;
  assertStrictEquals(itself.items[0], itself);
});

Deno.test("readPickle() calls nothing", () => {
  const size = global("torch", "Size");
  assertEquals(valueOf(size), new PickledGlobal("torch.Size"));
  assertEquals(valueOf(size, tuple(int(2)), code("R")), new PickledCall("torch.Size", [2]));
  assertEquals(valueOf(size, tuple(int(2)), opcode(0x81)), new PickledCall("torch.Size", [2]));
  assertEquals(valueOf(text("key"), code("Q")), new PickledReference("key"));
});

Deno.test("readPickle() makes a dictionary of OrderedDict and drops its attributes", () => {
  const ordered = joined(global("collections", "OrderedDict"), code(")R"));
  const attributes = dict(["_metadata", dict(["", dict(["version", int(1)])])]);
  assertEquals(
    valueOf(ordered, text("a"), int(1), code("s"), attributes, code("b")),
    new Map([["a", 1]]),
  );
});

Deno.test("readPickle() says where the pickle ends", () => {
  const bytes = joined(opcode(9), pickle.of(int(4)), opcode(9));
  assertEquals(readPickle(bytes, { ...source, start: 1 }), { value: 4, end: bytes.length - 1 });
});

Deno.test("readPickle() refuses globals outside of the list by name, called or not", () => {
  const rule = (name: string) =>
    `its pickle must name nothing but what tensors need, got "${name}"`;
  refuses(rule("os.system"), global("os", "system"), tuple(text("touch x")), code("R"));
  refuses(rule("builtins.eval"), global("builtins", "eval"));
  refuses(rule("torch.Size.x"), global("torch", "Size.x"));
  refuses(rule("__main__.Model"), dict(["a", global("__main__", "Model")]));
});

Deno.test("readPickle() refuses opcodes outside of the list by name", () => {
  const rule = (name: string) =>
    `its pickle must have no opcode but those that tensors need, got "${name}"`;
  refuses(rule("STACK_GLOBAL"), text("os"), text("system"), opcode(0x93));
  refuses(rule("INST"), code("(ios\nsystem\n"));
  refuses(rule("OBJ"), code("(o"));
  refuses(rule("NEWOBJ_EX"), opcode(0x92));
  refuses(rule("EXT1"), opcode(0x82, 1));
  refuses(rule("PERSID"), code("P1\n"));
  refuses(rule("FRAME"), opcode(0x95));
  refuses(rule("0xff"), opcode(0xff));
});

Deno.test("readPickle() refuses another protocol, and what is no pickle", () => {
  const read = (...bytes: number[]) => () => readPickle(Uint8Array.from(bytes), source);
  const protocol = "Cannot read a.bin: its pickle must be of protocol 2, got 4";
  assertThrows(read(0x80, 4, 0x2e), InputError, protocol);
  assertThrows(read(0x4e, 0x2e), InputError, "Cannot read a.bin: a pickle must begin with PROTO");
  assertThrows(read(), InputError, "Cannot read a.bin: its pickle must not break off");
  assertThrows(read(0x80, 2, 0x4e), InputError, "Cannot read a.bin: its pickle must not break off");
});

Deno.test("readPickle() refuses what does not fit together", () => {
  refuses("its pickle must push before it pops", code("a"));
  refuses("its pickle must push before it pops", code("]"), int(1), code("(a"));
  refuses("its pickle must have a mark to go back to", code("t"));
  refuses("its pickle must end with one value", int(1), int(2));
  refuses("its pickle must end with one value", code("("), int(1));
  refuses("its pickle must push before it pops");
  refuses("its pickle must put before it gets, got 9", code("h\x09"));
  refuses('APPEND must be to a list in its pickle, got "a tuple"', code(")"), int(1), code("a"));
  refuses(
    'SETITEM must be to a dictionary in its pickle, got "a list"',
    code("]"),
    int(1),
    int(2),
    code("s"),
  );
  refuses("a dictionary must have a value for each key", code("}("), int(1), code("u"));
  refuses('a dictionary must not have a key twice, got "a"', dict(["a", int(1)], ["a", int(1)]));
  refuses('BUILD must be of a dictionary in its pickle, got "a list"', code("]}b"));
  refuses('REDUCE must be of a global in its pickle, got "1"', int(1), code(")R"));
  refuses(
    'NEWOBJ must have a tuple of arguments in its pickle, got "None"',
    global("torch", "Size"),
    code("N"),
    opcode(0x81),
  );
  refuses(
    "collections.OrderedDict must have no arguments, got 1",
    global("collections", "OrderedDict"),
    tuple(int(1)),
    code("R"),
  );
});

Deno.test("readPickle() takes deep nesting and 2^64 leaves for what they are, unwalked", () => {
  const deep = valueOf(repeated("]", 200_000), repeated("a", 199_999));
  assertEquals((deep as PickledList).items.length, 1);
  const doubled = code("](h\x00h\x00eq\x00"); // a list of twice the list before it
  const bomb = Array.from({ length: 64 }, () => doubled);
  const lists = valueOf(tuple(code("]q\x00"), ...bomb)) as PickledList[];
  assertEquals(lists.map(({ items }) => items.length), [0, ...bomb.map(() => 2)]);
});

Deno.test("readPickle() refuses more containers than any state dict has", () => {
  const count = 2 ** 20;
  refuses(
    `its pickle must have at most ${count} containers`,
    code("("),
    repeated("}", count),
    code("t"),
  );
});
