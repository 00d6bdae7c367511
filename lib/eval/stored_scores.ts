import { InputError } from "../core/mod.ts";
import { NumberedFiles, type TensorToWrite, type TensorValues } from "../io/mod.ts";
import type { KeptScores, WindowScores } from "./score.ts";

/** How scores are written. */
const dtypes = {
  loss: "F32",
  survived: "U8",
  referenceLoss: "F32",
  divergence: "F32",
  agreement: "U8",
} as const;

type Part = keyof typeof dtypes;

const parts = Object.keys(dtypes) as Part[];

/** How long scores wait in memory for those that come next, to be written together, in milliseconds. */
const usualPause = 10_000;

/** How {@linkcode StoredScores} keep scores. */
export interface StoredScoresOptions {
  /** Is told why the folder did not take some. */
  onUnkept?: (reason: string) => void;
  /** For how many milliseconds scores wait to be written together; ten seconds unless given. */
  pause?: number;
}

/**
 * The scores of windows in a folder, so that a run that was killed goes on at the window it was at. A file has those
 * of a few windows one after the other, and its name the place of the first; it appears once it is whole. A file that
 * is damaged counts as none, and so do those behind it.
 *
 * Several processes may share the folder if they run the same: whatever each has written, the files of the others go
 * on from there.
 */
export class StoredScores implements KeptScores {
  readonly #files: NumberedFiles;
  readonly #pause: number;
  /** Of windows that are not written yet. */
  #waiting: WindowScores[][] = [];
  /** Writes them. */
  #timer?: ReturnType<typeof setTimeout>;
  /** How many windows are written. */
  #written = 0;
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param folder Of the scores of this run alone; made with the first of them. Its name stands for all that they
   *   depend on.
   */
  constructor(folder: string, { onUnkept, pause = usualPause }: StoredScoresOptions = {}) {
    this.#files = scoreFiles(folder, onUnkept);
    this.#pause = pause;
  }

  async read(runners: number, most: number): Promise<WindowScores[][]> {
    const found: WindowScores[][] = [];
    while (found.length < most) {
      const file = await this.#files.read(found.length);
      if (file?.metadata.runners !== String(runners)) break;
      const count = Math.min(Number(file.metadata.windows), most - found.length);
      if (!(count > 0)) break;
      for (let index = 0; index < count; index++) {
        const orders = Array.from({ length: runners }, (_, order) => order);
        found.push(orders.map((order) => scoresOf(file.tensors, `${index}.${order}`)));
      }
    }
    this.#written = found.length;
    return found;
  }

  add(scores: WindowScores[]): void {
    this.#waiting.push(scores);
    this.#timer ??= setTimeout(() => void this.flush(), this.#pause);
  }

  /** Writes what waits to be written. To be called where a run ends early. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Removes what is kept, as no longer needed; what cannot be removed does no harm. */
  async remove(): Promise<void> {
    this.#waiting = [];
    await this.flush();
    try {
      await this.#files.remove();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }

  async #write(): Promise<void> {
    const windows = this.#waiting;
    if (windows.length === 0) return;
    this.#waiting = [];
    const first = this.#written;
    this.#written += windows.length;
    const tensors = windows.flatMap((own, index) =>
      own.flatMap((each, order) => tensorsOf(each, `${index}.${order}`))
    );
    await this.#files.write(first, tensors, {
      ...{ windows: String(windows.length), runners: String(windows[0].length) },
    });
  }
}

/**
 * Removes the scores that {@linkcode StoredScores} keep in a folder, and the folder, unless others have put something
 * there.
 *
 * @throws {InputError} If something else is in it, or the system does not allow it.
 */
export async function removeStoredScores(folder: string): Promise<void> {
  await scoreFiles(folder).remove();
}

function scoreFiles(folder: string, onUnkept?: (reason: string) => void): NumberedFiles {
  return new NumberedFiles(folder, "windows", onUnkept);
}

function tensorsOf(scores: WindowScores, name: string): TensorToWrite[] {
  return parts.flatMap((part): TensorToWrite[] => {
    const { [part]: data } = scores;
    if (!data) return [];
    return [{ name: `${name}.${part}`, dtype: dtypes[part], shape: [data.length], data }];
  });
}

function scoresOf(tensors: ReadonlyMap<string, TensorValues>, name: string): WindowScores {
  const entries = parts.flatMap((part) => {
    const data = tensors.get(`${name}.${part}`)?.data;
    return data ? [[part, data]] : [];
  });
  return Object.fromEntries(entries);
}
