import { attempt } from "./files.ts";

/** A file that is written piece by piece, perhaps by several processes one after the other. */
export class PartialFile implements Disposable {
  #file: Deno.FsFile;
  #size: number;
  #action: string;

  /** Of {@linkcode openPartial}. */
  constructor(readonly path: string, file: Deno.FsFile, size: number) {
    this.#file = file;
    this.#size = size;
    this.#action = `write ${path}`;
  }

  /** How many bytes it has. */
  get size(): number {
    return this.#size;
  }

  /** @throws {InputError} If the system does not take them, as on a full disk. */
  async append(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0) {
      const written = await attempt(this.#action, () => this.#file.write(bytes));
      this.#size += written;
      bytes = bytes.subarray(written);
    }
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    if (this.#size === 0) return;
    await attempt(this.#action, () => this.#file.truncate(0));
    await attempt(this.#action, () => this.#file.seek(0, Deno.SeekMode.Start));
    this.#size = 0;
  }

  async remove(): Promise<void> {
    await attempt(this.#action, () => Deno.remove(this.path));
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/**
 * Opens a file to go on with it, or makes it.
 *
 * @throws {InputError} If the system does not allow it.
 */
export async function openPartial(path: string): Promise<PartialFile> {
  const action = `write ${path}`;
  const options = { write: true, create: true };
  const file = await attempt(action, () => Deno.open(path, options));
  return new PartialFile(path, file, await attempt(action, () => file.seek(0, Deno.SeekMode.End)));
}
