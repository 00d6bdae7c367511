import { canonicalJson } from "../../lib/core/mod.ts";
import { ScratchFile } from "../../lib/io/mod.ts";
import { FinalStreams } from "../../lib/model/mod.ts";
import { useBackend } from "../../lib/tensor/mod.ts";
import { readFigureSubject } from "../measure/figure_subject.ts";
import {
  type KeptFolders,
  loadSubject,
  type ModelRef,
  type OpenSubject,
  readSubject,
  type UnloadedSubject,
} from "../measure/subject.ts";

/** Folders for what a {@linkcode SubjectPool} does not hold in memory; it does without where one is not given. */
export interface PoolFolders extends KeptFolders {
  /** For what windows become in full precision where memory is not to hold it; those run anew for each cell without. */
  scratch?: string;
}

/** Opens the models that cells are about, and keeps them for the next ones. */
export class SubjectPool {
  /** By the references that they were read from. */
  #read: Map<string, UnloadedSubject | OpenSubject>;
  #loading = new Map<string, Promise<OpenSubject>>();
  #loaded = new Map<string, OpenSubject>();

  /**
   * @param keep How many models are kept loaded; the one that was loaded first makes way for another.
   * @param known Subjects that need not be read, with their weights or without.
   */
  constructor(
    readonly keep = Infinity,
    known: readonly (UnloadedSubject | OpenSubject)[] = [],
    readonly folders: PoolFolders = {},
  ) {
    this.#read = new Map(known.map((subject) => [canonicalJson(subject.ref), subject]));
  }

  /**
   * All of a subject but its weights; with what figures need where settings are chosen on it.
   *
   * @throws {InputError} As {@linkcode readSubject} and {@linkcode readFigureSubject}.
   */
  async read(ref: ModelRef, signal?: AbortSignal): Promise<UnloadedSubject> {
    const known = this.#read.get(canonicalJson(ref));
    if (known) return known;
    const { matrixProduct, instructions } = await useBackend("agile");
    const read = ref.choosing ? readFigureSubject : readSubject;
    const subject = await read(ref, { matrixProduct, instructions, signal });
    this.#read.set(canonicalJson(subject.ref), subject);
    return subject;
  }

  /**
   * A subject with its weights. One that is refused is not loaded again.
   *
   * @throws {InputError} As {@linkcode SubjectPool.read} and {@linkcode loadSubject}.
   */
  async load(ref: ModelRef, signal?: AbortSignal): Promise<OpenSubject> {
    const read = await this.read(ref, signal);
    if (isLoaded(read)) return read;
    const key = canonicalJson(ref);
    const known = this.#loading.get(key);
    if (known) return await known;
    if (this.#loaded.size >= this.keep) this.#free(this.#loaded.keys().next().value!);
    const loading = this.#load(read, signal);
    this.#loading.set(key, loading);
    const subject = await loading;
    this.#loaded.set(key, subject);
    return subject;
  }

  async #load(read: UnloadedSubject, signal?: AbortSignal): Promise<OpenSubject> {
    const { scratch: folder, ...kept } = this.folders;
    const subject = await loadSubject(read, signal, kept);
    const scratch = folder === undefined ? undefined : new ScratchFile(folder);
    return { ...subject, referenceStreams: new FinalStreams({ scratch }) };
  }

  #free(key: string): void {
    this.#loaded.get(key)?.referenceStreams?.[Symbol.dispose]();
    this.#loaded.delete(key);
    this.#loading.delete(key);
  }
}

function isLoaded(subject: UnloadedSubject | OpenSubject): subject is OpenSubject {
  return "versions" in subject;
}
