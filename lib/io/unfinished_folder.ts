import { canonicalJson, refuse, require } from "../core/mod.ts";
import { attempt, exists, readJson } from "./files.ts";
import { isObject } from "./json.ts";
import { prepareFolder, requireFolderPlace, writeAtomically } from "./write.ts";

/** What says what is being written into a folder, until it is whole. */
const stateName = "unfinished.json";

/** A folder into which this process alone writes. */
export interface UnfinishedFolder extends Disposable {
  /** Says that all is there. */
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
  await requireFolderPlace(folder);
  const isBegun = await exists(state);
  if (!isBegun) await requireEmpty(folder);
  await prepareFolder(folder);
  if (!isBegun) await writeAtomically(state, `${JSON.stringify(work, null, 2)}\n`);
  using opened = new DisposableStack();
  const options = { read: true, write: true };
  const file = opened.use(await attempt(`write to ${folder}`, () => Deno.open(state, options)));
  const isAlone = await file.tryLock(true).catch(() => true); // some file systems have no locks
  require(isAlone, `write to ${folder}`, "no other process may be writing to it");
  const isSame = await requireSame(folder, state, work, fresh);
  if (!isSame) {
    for await (const { name } of Deno.readDir(folder)) {
      if (name === stateName) continue;
      await attempt(`write to ${folder}`, () => Deno.remove(`${folder}/${name}`));
    }
    const text = new TextEncoder().encode(`${JSON.stringify(work, null, 2)}\n`);
    await attempt(`write ${state}`, () => Deno.writeFile(state, text));
  }
  const held = opened.move();
  return {
    finish: () => attempt(`write to ${folder}`, () => Deno.remove(state)),
    [Symbol.dispose]: () => held.dispose(),
  };
}

async function requireEmpty(folder: string): Promise<void> {
  if (!await exists(folder)) return;
  const entries = await attempt(
    `write to ${folder}`,
    () => Array.fromAsync(Deno.readDir(folder)),
  );
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
    const [before, now] = [begun[key] ?? null, work[key] ?? null];
    const rule = `${key} must be ${
      JSON.stringify(before)
    }, with which it was begun (--fresh starts over)`;
    require(canonicalJson(before) === canonicalJson(now), action, rule, now);
  }
  return true;
}
