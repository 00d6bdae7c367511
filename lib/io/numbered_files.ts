import { InputError } from "../core/mod.ts";
import { entriesOf, exists, removeFile } from "./files.ts";
import type { TensorToWrite } from "./safetensors_writer.ts";
import { readSummed, type SummedTensors, writeSummed } from "./summed_safetensors.ts";
import { removeLeftovers } from "./write.ts";

/**
 * Files of tensors in a folder, one for each of some numbers, that processes keep for one another, and for those that
 * come after a kill. A file appears once it is whole. One that is damaged, or that is another number's or folder's,
 * counts as none.
 */
export class NumberedFiles {
  #isTidy = false;

  /**
   * @param folder Of these files alone; made with the first of them. Its name stands for all that they depend on.
   * @param name What files are called in front of their number.
   * @param onUnkept Is told why the folder did not take a file.
   */
  constructor(
    private readonly folder: string,
    private readonly name: string,
    private readonly onUnkept: (reason: string) => void = () => {},
  ) {}

  /** The file of a number, if it is there. */
  async read(number: number): Promise<SummedTensors | undefined> {
    const file = this.#fileOf(number);
    try {
      if (!await exists(`${this.folder}/${file}`)) return undefined;
      return await readSummed(`${this.folder}/${file}`, this.#identityOf(file));
    } catch (error) {
      if (error instanceof InputError) return undefined;
      throw error;
    }
  }

  /** Keeps a file if the folder takes it, which one on a full disk does not. */
  async write(
    number: number,
    tensors: readonly TensorToWrite[],
    metadata: Readonly<Record<string, string>>,
  ): Promise<void> {
    const file = this.#fileOf(number);
    try {
      await this.#tidy();
      await writeSummed(`${this.folder}/${file}`, this.#identityOf(file), tensors, metadata);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.onUnkept(error.message);
    }
  }

  /**
   * Removes the files and the folder, unless others have put something there.
   *
   * @throws {InputError} If something else is in it, or the system does not allow it.
   */
  async remove(): Promise<void> {
    const action = `remove ${this.folder}`;
    await removeLeftovers(this.folder, { all: true });
    for (const { name, isFile } of await entriesOf(this.folder)) {
      if (isFile && this.#isOwn(name)) await removeFile(`${this.folder}/${name}`, action);
    }
    await removeFile(this.folder, action);
  }

  /** Removes what killed processes left, once. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return;
    this.#isTidy = true;
    await removeLeftovers(this.folder);
  }

  #fileOf(number: number): string {
    return `${this.name}-${number}.safetensors`;
  }

  #isOwn(file: string): boolean {
    return file === this.#fileOf(Number.parseInt(file.slice(this.name.length + 1)));
  }

  /** What a file is, which tells it from others of that name. */
  #identityOf(file: string): string {
    return `${this.folder.split("/").at(-1)}/${file}`;
  }
}
