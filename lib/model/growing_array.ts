import { require } from "../core/mod.ts";
import { type HeldNumbers, holdNumbers, type NumberArray } from "../tensor/mod.ts";

/** Storage that several versions of one array begin with. */
interface Storage<Kind extends NumberArray> {
  held: HeldNumbers<Kind>;
  /** How much of it the longest version takes. */
  used: number;
  /** How many versions there are. */
  versions: number;
}

/**
 * Numbers that are appended to: a value, since appending makes a new version and leaves this one as
 * it is. The versions share storage as long as each continues the longest one; any other is copied.
 * Storage is half as large again when it is full, so that appending costs what is appended. It is freed with
 * the last version that has it.
 */
export class GrowingArray<Kind extends NumberArray> implements Disposable {
  readonly #storage: Storage<Kind>;
  readonly length: number;
  readonly purpose: string;
  #isDisposed = false;

  private constructor(storage: Storage<Kind>, length: number, purpose: string) {
    this.#storage = storage;
    this.length = length;
    this.purpose = purpose;
    storage.versions++;
  }

  /**
   * An empty array of the kind of `numbers`.
   *
   * @param purpose What it is for, in messages.
   */
  static like<Kind extends NumberArray>(numbers: Kind, purpose: string): GrowingArray<Kind> {
    const held = holdNumbers(numbers, 0, purpose);
    return new GrowingArray({ held, used: 0, versions: 0 }, 0, purpose);
  }

  /**
   * Where the numbers of this version lie, in front.
   *
   * @throws {InputError} If it is disposed of: others may have their numbers there.
   */
  get held(): HeldNumbers<Kind> {
    require(!this.#isDisposed, `use ${this.purpose}`, "it must not be disposed of");
    return this.#storage.held;
  }

  /** The numbers of this version: a view of the storage, which is not to be written to. */
  get values(): Kind {
    return this.held.values.subarray(0, this.length) as Kind;
  }

  /**
   * The version that has `addition` at its end.
   *
   * @throws {InputError} If the memory is exhausted, or this version disposed of.
   */
  append(addition: Kind): GrowingArray<Kind> {
    const length = this.length + addition.length;
    let storage = this.#storage;
    if (storage.used !== this.length || this.held.values.length < length) {
      const held = holdNumbers(addition, Math.ceil(1.5 * length), this.purpose);
      held.values.set(this.values);
      storage = { held, used: 0, versions: 0 };
    }
    storage.held.values.set(addition, this.length);
    storage.used = length;
    return new GrowingArray(storage, length, this.purpose);
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    if (--this.#storage.versions === 0) this.#storage.held[Symbol.dispose]();
  }
}
