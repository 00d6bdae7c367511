/**
 * Loaded before a command (`deno run --preload`): counts what the command does to files and, as `AGILE_QUANT_SABOTAGE`
 * says, stops it at one of these steps for good, so that it can be killed just there, or lets the disk be full after
 * so many bytes.
 */

/** What becomes of a command. */
export interface Sabotage {
  /** The step at which it stops, counted from 1; it is not done, but for half of what was to be written. */
  stop?: number;
  /** How many bytes may be written to files. */
  room?: number;
  /** Whether each step is told on standard error. */
  log?: boolean;
}

/** What tells of a step on standard error, and what says that the command has stopped there. */
export const [stepMark, stopMark] = ["sabotage, step", "sabotage, stopped"];

/** The environment variable that says what becomes of the command, as JSON. */
export const sabotageVariable = "AGILE_QUANT_SABOTAGE";

const given = Deno.env.get(sabotageVariable);
if (given) sabotage(JSON.parse(given));

function sabotage({ stop, room = Infinity, log }: Sabotage): void {
  const say = (line: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${line}\n`));
  let steps = 0;

  /** Counts a step; whether it is the last one. */
  const isLast = (what: string, path: unknown): boolean => {
    steps++;
    if (log) say(`${stepMark} ${steps}: ${what} ${path}`);
    return steps === stop;
  };
  const wait = () => {
    say(stopMark);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };

  const namespace = Deno as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const name of ["rename", "remove", "removeSync", "mkdir", "symlink"]) {
    const original = namespace[name];
    namespace[name] = (...args) => {
      if (isLast(name, args.at(name === "rename" || name === "symlink" ? 1 : 0))) wait();
      return original(...args);
    };
  }
  const paths = new WeakMap<Deno.FsFile, unknown>();
  const { open, openSync } = Deno;
  const isWriting = (options?: Deno.OpenOptions) => options?.write || options?.append;
  Deno.open = async (path, options) => {
    if (isWriting(options) && isLast("open", path)) wait();
    const file = await open(path, options);
    paths.set(file, path);
    return file;
  };
  Deno.openSync = (path, options) => {
    if (isWriting(options) && isLast("open", path)) wait();
    const file = openSync(path, options);
    paths.set(file, path);
    return file;
  };

  const { write, writeSync, syncData } = Deno.FsFile.prototype;
  /** How many of some bytes are written; throws as the system does where there is room for none. */
  const admitted = (file: Deno.FsFile, bytes: Uint8Array): Uint8Array => {
    if (isLast("write", `${paths.get(file)} ${bytes.length}`)) {
      writeSync.call(file, bytes.subarray(0, bytes.length / 2));
      wait();
    }
    const part = bytes.subarray(0, Math.min(room, bytes.length));
    if (part.length === 0 && bytes.length > 0) {
      const full = new Error("No space left on device (os error 28)");
      throw Object.assign(full, { code: "ENOSPC" });
    }
    room -= part.length;
    return part;
  };
  Deno.FsFile.prototype.write = async function (bytes) {
    return await write.call(this, admitted(this, bytes));
  };
  Deno.FsFile.prototype.writeSync = function (bytes) {
    return writeSync.call(this, admitted(this, bytes));
  };
  Deno.FsFile.prototype.syncData = async function () {
    if (isLast("flush", paths.get(this))) wait();
    await syncData.call(this);
  };
}
