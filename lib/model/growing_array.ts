type Numbers = Float32Array | Int8Array;

/** Storage that several versions of one array begin with. */
interface Storage<Kind extends Numbers> {
  numbers: Kind;
  /** How much of it the longest version takes. */
  used: number;
}

/**
 * Numbers that are appended to: a value, since appending makes a new version and leaves this one as
 * it is. The versions share storage as long as each continues the longest one; any other is copied.
 * Storage at least doubles when it is full, so that appending costs what is appended.
 */
export class GrowingArray<Kind extends Numbers> {
  readonly #storage: Storage<Kind>;
  readonly length: number;

  private constructor(storage: Storage<Kind>, length: number) {
    this.#storage = storage;
    this.length = length;
  }

  /** An empty array of the kind of `numbers`. */
  static like<Kind extends Numbers>(numbers: Kind): GrowingArray<Kind> {
    return new GrowingArray({ numbers: emptyLike(numbers, 0), used: 0 }, 0);
  }

  /** The numbers of this version: a view of the storage, which is not to be written to. */
  get values(): Kind {
    return this.#storage.numbers.subarray(0, this.length) as Kind;
  }

  /** The version that has `addition` at its end. */
  append(addition: Kind): GrowingArray<Kind> {
    const length = this.length + addition.length;
    let storage = this.#storage;
    if (storage.used !== this.length || storage.numbers.length < length) {
      storage = { numbers: emptyLike(addition, 2 * length), used: 0 };
      storage.numbers.set(this.values);
    }
    storage.numbers.set(addition, this.length);
    storage.used = length;
    return new GrowingArray(storage, length);
  }
}

function emptyLike<Kind extends Numbers>(numbers: Kind, length: number): Kind {
  return new (numbers.constructor as new (length: number) => Kind)(length);
}
