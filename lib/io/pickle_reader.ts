import { refuse, require, shortened } from "../core/mod.ts";
import { PickleBytes } from "./pickle_bytes.ts";
import { opcodes } from "./pickle_opcodes.ts";
import {
  kindOfPickled,
  PickledCall,
  PickledGlobal,
  PickledList,
  PickledReference,
  type PickledValue,
} from "./pickled_value.ts";

/** Where a pickle is and what it may name. */
export interface PickleSource {
  /** The file, for messages. */
  path: string;
  /** Where in the bytes it begins; 0 unless given. */
  start?: number;
  /** The only names it may have imported. */
  globals: ReadonlySet<string>;
}

/** The longest pickle that is read, in bytes: a state dict takes some hundred for each tensor. */
export const longestPickle = 2 ** 24;

/** Most containers in a pickle; what each of them takes is some hundred bytes. */
const mostContainers = 2 ** 20;

const protocol = 2;

/** A call of it makes a dictionary. */
const orderedDict = "collections.OrderedDict";

/**
 * Reads a pickle as data: nothing of it is imported or called. Of protocol 2 there is what state dicts
 * need; a name that is not allowed is refused where it is named, whatever would become of it.
 *
 * @returns The value, and where in the bytes the pickle ends.
 * @throws {InputError} If the pickle breaks off, has an opcode, a global or a use of one that is not read
 *   here, a dictionary with a key twice, or more than 2^20 containers.
 */
export function readPickle(
  bytes: Uint8Array,
  source: PickleSource,
): { value: PickledValue; end: number } {
  return new PickleMachine(bytes, source).run();
}

const o = opcodes;

const nameOf = new Map(
  Object.entries(opcodes).map(([name, code]): [number, string] => [code, name]),
);

class PickleMachine {
  readonly #in: PickleBytes;
  readonly #globals: ReadonlySet<string>;
  readonly #action: string;
  #containers = 0;
  #stack: PickledValue[] = [];
  #marks: number[] = [];
  #memo = new Map<number, PickledValue>();

  constructor(bytes: Uint8Array, { path, start = 0, globals }: PickleSource) {
    this.#in = new PickleBytes(bytes, path, start);
    this.#action = `read ${path}`;
    this.#globals = globals;
  }

  run(): { value: PickledValue; end: number } {
    this.#require(this.#in.byte() === o.PROTO, "a pickle must begin with PROTO");
    const version = this.#in.byte();
    this.#require(version === protocol, `its pickle must be of protocol ${protocol}`, version);
    for (;;) {
      const opcode = this.#in.byte();
      if (opcode === o.STOP) break;
      this.#step(opcode);
    }
    const value = this.#pop();
    const isWhole = this.#stack.length === 0 && this.#marks.length === 0;
    this.#require(isWhole, "its pickle must end with one value");
    return { value, end: this.#in.at };
  }

  #step(opcode: number): void {
    switch (opcode) {
      case o.NONE:
        return this.#push(null);
      case o.NEWTRUE:
        return this.#push(true);
      case o.NEWFALSE:
        return this.#push(false);
      case o.BININT1:
        return this.#push(this.#in.byte());
      case o.BININT2:
        return this.#push(this.#in.uint16());
      case o.BININT:
        return this.#push(this.#in.int32());
      case o.LONG1:
        return this.#push(this.#in.integer(this.#in.byte()));
      case o.BINFLOAT:
        return this.#push(this.#in.float64());
      case o.SHORT_BINSTRING:
        return this.#push(this.#in.text(this.#in.byte()));
      case o.BINUNICODE:
        return this.#push(this.#in.text(this.#in.uint32()));
      case o.EMPTY_DICT:
        return this.#pushContainer(new Map());
      case o.EMPTY_LIST:
        return this.#pushContainer(new PickledList());
      case o.EMPTY_SET:
        return this.#pushContainer(new Set());
      case o.EMPTY_TUPLE:
        return this.#pushContainer([]);
      case o.TUPLE1:
        return this.#pushContainer(this.#popLast(1));
      case o.TUPLE2:
        return this.#pushContainer(this.#popLast(2));
      case o.TUPLE3:
        return this.#pushContainer(this.#popLast(3));
      case o.TUPLE:
        return this.#pushContainer(this.#popMarked());
      case o.MARK:
        this.#marks.push(this.#stack.length);
        return;
      case o.APPEND:
        return this.#append(this.#popLast(1));
      case o.APPENDS:
        return this.#append(this.#popMarked());
      case o.SETITEM:
        return this.#setItems(this.#popLast(2));
      case o.SETITEMS:
        return this.#setItems(this.#popMarked());
      case o.BINPUT:
        return this.#put(this.#in.byte());
      case o.LONG_BINPUT:
        return this.#put(this.#in.uint32());
      case o.BINGET:
        return this.#get(this.#in.byte());
      case o.LONG_BINGET:
        return this.#get(this.#in.uint32());
      case o.GLOBAL:
        return this.#pushContainer(this.#global());
      case o.NEWOBJ:
      case o.REDUCE:
        return this.#pushContainer(this.#call(opcode));
      case o.BUILD:
        return this.#build();
      case o.BINPERSID:
        return this.#pushContainer(new PickledReference(this.#pop()));
      default:
        this.#refuseOpcode(opcode);
    }
  }

  /** Of a dictionary alone, whose attributes (`_metadata` of a state dict) are of no interest. */
  #build(): void {
    this.#pop();
    const target = this.#top();
    if (target instanceof Map) return;
    this.#refuse("BUILD must be of a dictionary in its pickle", kindOfPickled(target));
  }

  #call(opcode: number): PickledValue {
    const args = this.#pop();
    const target = this.#pop();
    const name = nameOf.get(opcode);
    if (!(target instanceof PickledGlobal)) {
      this.#refuse(`${name} must be of a global in its pickle`, kindOfPickled(target));
    }
    if (!Array.isArray(args)) {
      this.#refuse(`${name} must have a tuple of arguments in its pickle`, kindOfPickled(args));
    }
    if (target.name !== orderedDict) return new PickledCall(target.name, args);
    this.#require(args.length === 0, `${orderedDict} must have no arguments`, args.length);
    return new Map();
  }

  #global(): PickledGlobal {
    const name = `${this.#in.line()}.${this.#in.line()}`;
    if (this.#globals.has(name)) return new PickledGlobal(name);
    this.#refuse("its pickle must name nothing but what tensors need", shortened(name));
  }

  #append(items: PickledValue[]): void {
    const target = this.#top();
    if (!(target instanceof PickledList)) {
      this.#refuse("APPEND must be to a list in its pickle", kindOfPickled(target));
    }
    for (const item of items) target.items.push(item);
  }

  #setItems(items: PickledValue[]): void {
    const target = this.#top();
    if (!(target instanceof Map)) {
      this.#refuse("SETITEM must be to a dictionary in its pickle", kindOfPickled(target));
    }
    this.#require(items.length % 2 === 0, "a dictionary must have a value for each key");
    for (let i = 0; i < items.length; i += 2) {
      const [key, value] = [items[i], items[i + 1]];
      if (target.has(key)) {
        this.#refuse("a dictionary must not have a key twice", kindOfPickled(key));
      }
      target.set(key, value);
    }
  }

  #put(place: number): void {
    this.#memo.set(place, this.#top());
  }

  #get(place: number): void {
    const value = this.#memo.get(place);
    if (value === undefined) this.#refuse("its pickle must put before it gets", place);
    this.#push(value);
  }

  #push(value: PickledValue): void {
    this.#stack.push(value);
  }

  #pushContainer(value: PickledValue): void {
    const fits = ++this.#containers <= mostContainers;
    this.#require(fits, `its pickle must have at most ${mostContainers} containers`);
    this.#stack.push(value);
  }

  #pop(): PickledValue {
    return this.#popLast(1)[0];
  }

  #top(): PickledValue {
    const value = this.#pop();
    this.#stack.push(value);
    return value;
  }

  /** So many values, none of them from before the last mark. */
  #popLast(count: number): PickledValue[] {
    const first = this.#stack.length - count;
    this.#require(first >= (this.#marks.at(-1) ?? 0), "its pickle must push before it pops");
    return this.#stack.splice(first);
  }

  #popMarked(): PickledValue[] {
    const first = this.#marks.pop();
    if (first === undefined) this.#refuse("its pickle must have a mark to go back to");
    return this.#stack.splice(first);
  }

  #refuseOpcode(opcode: number): never {
    const name = nameOf.get(opcode) ?? `0x${opcode.toString(16)}`;
    this.#refuse("its pickle must have no opcode but those that tensors need", name);
  }

  #require(holds: boolean, rule: string, value?: unknown): asserts holds {
    require(holds, this.#action, rule, value);
  }

  #refuse(rule: string, value?: unknown): never {
    refuse(this.#action, rule, value);
  }
}
