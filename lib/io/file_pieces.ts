import { refuse, require } from "../core/mod.ts";
import { attemptSync, fill, fillSync, openFile } from "./files.ts";
import { persist, persistSync } from "./persist.ts";

/**
 * A file that is read in pieces, perhaps over hours. It is opened anew for each of them, so that there
 * is nothing to close and pieces can be read side by side.
 */
export class FilePieces {
  /** Of {@linkcode openPieces}. */
  constructor(
    readonly path: string,
    /** In bytes. */
    readonly size: number,
    /** When it was last written, in milliseconds; undefined where the system does not say. */
    private readonly modified: number | undefined,
  ) {}

  /**
   * Reads one piece. The system is asked for it before this returns, so that it is read meanwhile even
   * if the caller computes without a pause.
   *
   * @param offset Where it begins, in bytes.
   * @param length In bytes.
   * @param action What it is wanted for, for the message.
   * @throws {InputError} If no memory holds it, or the file is not as it was when it was opened.
   */
  async read(offset: number, length: number, action: string): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = allocate(length, action);
    await persist(async () => {
      using file = this.#openAt(offset);
      await fill(file, bytes, this.path);
    });
    return bytes;
  }

  /** As {@linkcode read}, at once. */
  readSync(offset: number, length: number, action: string): Uint8Array<ArrayBuffer> {
    const bytes = allocate(length, action);
    persistSync(() => {
      using file = this.#openAt(offset);
      fillSync(file, bytes, this.path);
    });
    return bytes;
  }

  #openAt(offset: number): Deno.FsFile {
    const action = `read ${this.path}`;
    using opened = new DisposableStack();
    return attemptSync(action, () => {
      const file = opened.use(Deno.openSync(this.path));
      const { size, mtime } = file.statSync();
      const unchanged = size === this.size && mtime?.getTime() === this.modified;
      require(unchanged, action, "the file must not change while it is read");
      file.seekSync(offset, Deno.SeekMode.Start);
      opened.move();
      return file;
    });
  }
}

/**
 * Opens a file to be read in pieces.
 *
 * @throws {InputError} If the path does not exist, is not a file or cannot be read.
 */
export async function openPieces(path: string): Promise<FilePieces> {
  using file = await openFile(path);
  const { size, mtime } = await file.stat();
  return new FilePieces(path, size, mtime?.getTime());
}

/** Memory for what is to be read; how much that is, the file says. */
function allocate(bytes: number, action: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch {
    refuse(action, "its bytes must fit into memory", bytes);
  }
}
