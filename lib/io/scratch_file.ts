import { attemptSync, fillSync } from "./files.ts";
import { temporaryPath } from "./write.ts";

/** Floats that lie in a {@linkcode ScratchFile}. */
export interface StoredFloats {
  /** A copy of them. */
  read(): Float32Array;
  /** Puts others in their place, at most as many as were there first. */
  replace(values: Float32Array): void;
}

interface Opened {
  file: Deno.FsFile;
  path: string;
  /** Whether the file is still to be found under its path. */
  hasName: boolean;
}

/**
 * A file for floats that memory is not to hold, as long as this process lives. It is made when the first of them
 * come, and has no name from then on where the system allows that: it is gone with the process, however that ends.
 * Elsewhere disposing of it removes it and, of a process that was killed, `prepareFolder`.
 */
export class ScratchFile implements Disposable {
  #opened?: Opened;
  #end = 0;

  /** @param folder Where the file lies; it must exist once the first floats come. */
  constructor(readonly folder: string) {}

  /**
   * Stores floats behind all others.
   *
   * @throws {InputError} If they cannot be written: the disk is full, perhaps.
   */
  put(values: Float32Array): StoredFloats {
    const offset = this.#end;
    const most = values.length;
    this.#end += values.byteLength;
    let length = 0;
    const replace = (others: Float32Array) => {
      if (others.length > most) throw new RangeError(`there is room for ${most} floats alone`);
      length = others.length;
      this.#write(offset, others);
    };
    replace(values);
    return { replace, read: () => this.#read(offset, length) };
  }

  [Symbol.dispose](): void {
    if (!this.#opened) return;
    const { file, path, hasName } = this.#opened;
    this.#opened = undefined;
    file.close();
    if (hasName) tryToRemove(path);
  }

  #write(offset: number, { buffer, byteOffset, byteLength }: Float32Array): void {
    const { file, path } = this.#open();
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    attemptSync(`write ${path}`, () => {
      file.seekSync(offset, Deno.SeekMode.Start);
      for (let written = 0; written < bytes.length;) {
        written += file.writeSync(bytes.subarray(written));
      }
    });
  }

  #read(offset: number, length: number): Float32Array {
    const { file, path } = this.#open();
    const values = new Float32Array(length);
    attemptSync(`read ${path}`, () => file.seekSync(offset, Deno.SeekMode.Start));
    fillSync(file, new Uint8Array(values.buffer), path);
    return values;
  }

  #open(): Opened {
    return this.#opened ??= this.#create();
  }

  #create(): Opened {
    const path = temporaryPath(`${this.folder}/windows`);
    const options = { read: true, write: true, createNew: true };
    const file = attemptSync(`write ${path}`, () => Deno.openSync(path, options));
    return { file, path, hasName: !tryToRemove(path) }; // Windows keeps the name of what is open
  }
}

/** Removes a file, if the system allows that; whether it did. */
function tryToRemove(path: string): boolean {
  try {
    Deno.removeSync(path);
    return true;
  } catch {
    return false; // `prepareFolder` removes it
  }
}
