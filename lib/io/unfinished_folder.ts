import { canonicalJson, refuse, require } from "../core/mod.ts";
import { attempt, entriesOf, exists, readJson, removeFile } from "./files.ts";
import { isObject } from "./json.ts";
import { prepareFolder, removeLeftovers, requireFolderPlace, writeAtomically } from "./write.ts";

/** What says what is being written into a folder, until it is whole. */
const stateName = "unfinished.json";

/**
 * A folder into which this process alone writes. Where the file system has no locks, or does not show those of
 * another machine, two may: both write the same files, each of them whole.
 */
export interface UnfinishedFolder extends Disposable {
  /** Says that all is there, and removes what killed processes left. */
  finish(): Promise<void>;
}

/**
 * Makes a folder ready for long work that writes into it file by file, or finds it as such work left it when it
 * was interrupted or killed. Dispose of it when done.
 *
 * @param work What is being done, by the names that messages call the settings: plain data.
 * @param options.fresh Whether to start over: what is there of such work is removed.
 * @throws {InputError} If the folder holds anything else, or other work, of which the message says what is
 *   different; if another process is at it, or it cannot be written.
 */
export async function openUnfinished(
  folder: string,
  work: Readonly<Record<string, unknown>>,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<UnfinishedFolder> {
  const state = `${folder}/${stateName}`;
  const action = `write to ${folder}`;
  await requireFolderPlace(folder);
  const isBegun = await exists(state);
  if (!isBegun) await requireEmpty(folder);
  await prepareFolder(folder);
  const begin = () => writeAtomically(state, `${JSON.stringify(work, null, 2)}\n`);
  if (!isBegun) await begin();
  let file = await openState(folder, state);
  try {
    const isSame = await requireSame(folder, state, work, fresh);
    if (!isSame) {
      const others = (await entriesOf(folder)).filter(({ name }) => name !== stateName);
      for (const { name } of others) await removeFile(`${folder}/${name}`, action);
      await begin();
      file.close();
      file = await openState(folder, state);
    }
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    async finish() {
      await removeLeftovers(folder, { all: true });
      await removeFile(state, action);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Opens the state and locks it as long as this process lives. */
async function openState(folder: string, state: string): Promise<Deno.FsFile> {
  const action = `write to ${folder}`;
  const file = await attempt(action, () => Deno.open(state, { read: true, write: true }));
  const isAlone = await file.tryLock(true).catch(() => true); // some file systems have no locks
  if (isAlone) return file;
  file.close();
  refuse(action, "no other process may be writing to it");
}

async function requireEmpty(folder: string): Promise<void> {
  const entries = await entriesOf(folder);
  const other = entries.map(({ name }) => name).filter((name) => !name.endsWith(".partial")).sort();
  const rule = "the folder must be new, empty, or what an interrupted run left";
  require(other.length === 0, `write to ${folder}`, rule, other[0]);
}

/** Whether the folder is to be gone on with; refuses the work of others unless it is to be removed. */
async function requireSame(
  folder: string,
  state: string,
  work: Readonly<Record<string, unknown>>,
  fresh: boolean,
): Promise<boolean> {
  if (fresh) return false;
  const begun = await readJson(state);
  const action = `continue ${folder}`;
  if (!isObject(begun)) refuse(action, `${state} must be a JSON object (--fresh starts over)`);
  for (const key of new Set([...Object.keys(begun), ...Object.keys(work)])) {
    const [before, now] = [begun, work].map((each) => (
      Object.hasOwn(each, key) ? each[key] ?? null : null
    ));
    const rule = `${key} must be ${
      JSON.stringify(before)
    }, with which it was begun (--fresh starts over)`;
    require(canonicalJson(before) === canonicalJson(now), action, rule, now);
  }
  return true;
}
