import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openUnfinished, prepareFolder, readText, writeAtomically } from "../../lib/io/mod.ts";
import { removeLeftovers, requireFolderPlace, temporaryPath } from "../../lib/io/write.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("writeAtomically() writes text, bytes and pieces, and leaves nothing else", () =>
  withFolder(async (folder) => {
    const path = `${folder}/new/folders/a.txt`;
    const bytes = new TextEncoder().encode("größer");
    const pieces = () => [bytes.subarray(0, 3), bytes.subarray(3)];
    for (const content of ["größer", bytes, pieces]) {
      await writeAtomically(path, content);
      assertEquals(await readText(path), "größer");
    }
    await writeAtomically(path, "");
    assertEquals(await readText(path), "");
    assertEquals([...Deno.readDirSync(`${folder}/new/folders`)].map(({ name }) => name), ["a.txt"]);
  }));

Deno.test("requireFolderPlace() refuses a file, as does whatever makes a folder ready", () =>
  withFolder(async (folder) => {
    const path = `${folder}/file`;
    for (const free of [folder, path]) await requireFolderPlace(free);
    await Deno.writeTextFile(path, "");
    const message =
      `Cannot write to ${path}: it must be a folder, and there is a file of that name`;
    for (const each of [requireFolderPlace, prepareFolder, openOf]) {
      await assertRejects(() => each(path), InputError, message);
    }
  }));

const openOf = (path: string): Promise<unknown> => openUnfinished(path, {});

Deno.test("writeAtomically() keeps the old file when the content fails half way", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    await writeAtomically(path, "old");
    function* failing() {
      yield new Uint8Array(10);
      throw new RangeError("no more");
    }
    await assertRejects(() => writeAtomically(path, failing), RangeError, "no more");
    assertEquals(await readText(path), "old");
    assertEquals([...Deno.readDirSync(folder)].length, 1);
  }));

Deno.test("writeAtomically() refuses a path that is a folder or below a file", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/file`, "");
    await Deno.mkdir(`${folder}/full/inner`, { recursive: true });
    for (const path of [`${folder}/full`, `${folder}/file/below`]) {
      await assertRejects(
        () => writeAtomically(path, "x"),
        InputError,
        `Cannot write ${path}: the system must allow it, got `,
      );
    }
    assertEquals([...Deno.readDirSync(folder)].length, 2);
  }));

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

/** Runs a test while another process is in the middle of writing `folder/a.txt`; then kills it. */
async function whileWriting(folder: string, test: () => Promise<void>): Promise<void> {
  const library = new URL("../../lib/io/write.ts", import.meta.url);
  const program = `import { writeAtomically } from ${JSON.stringify(library)};
    await writeAtomically(${JSON.stringify(`${folder}/a.txt`)}, function* () {
      yield new Uint8Array(10);
      console.log("writing");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const args = ["eval", "-q", program];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await test();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
}

/** Runs a test in which a member of an object is replaced. */
async function withStub<Owner extends object, Name extends keyof Owner>(
  owner: Owner,
  name: Name,
  stub: Owner[Name],
  test: () => Promise<void>,
): Promise<void> {
  const before = owner[name];
  owner[name] = stub;
  try {
    await test();
  } finally {
    owner[name] = before;
  }
}

Deno.test("writeAtomically() flushes to the disk before it renames", () =>
  withFolder(async (folder) => {
    const { rename } = Deno;
    const { syncData } = Deno.FsFile.prototype;
    const steps: string[] = [];
    const renaming: typeof rename = (from, to) => (steps.push("rename"), rename(from, to));
    function flushing(this: Deno.FsFile) {
      steps.push("flush");
      return syncData.call(this);
    }
    await withStub(
      Deno.FsFile.prototype,
      "syncData",
      flushing,
      () => withStub(Deno, "rename", renaming, () => writeAtomically(`${folder}/a`, "text")),
    );
    assertEquals(steps, ["flush", "rename"]);
  }));

Deno.test("writeAtomically() writes all of it again where the disk has lost a part", () =>
  withFolder(async (folder) => {
    let failures = 2;
    const { syncData } = Deno.FsFile.prototype;
    function failing(this: Deno.FsFile) {
      if (failures-- === 0) return syncData.call(this);
      const error = new Error("Input/output error (os error 5)");
      return Promise.reject(Object.assign(error, { code: "EIO" }));
    }
    const pieces = function* () {
      yield new TextEncoder().encode("one, ");
      yield new TextEncoder().encode("two");
    };
    await withStub(
      Deno.FsFile.prototype,
      "syncData",
      failing,
      () => writeAtomically(`${folder}/a`, pieces),
    );
    assertEquals([namesIn(folder), await readText(`${folder}/a`)], [["a"], "one, two"]);
  }));

Deno.test("writeAtomically() writes again what somebody has taken for a leftover", () =>
  withFolder(async (folder) => {
    let runs = 0;
    const pieces = function* () {
      yield new TextEncoder().encode("text");
      if (runs++ === 0) {
        for (const name of namesIn(folder)) Deno.removeSync(`${folder}/${name}`);
      }
    };
    await writeAtomically(`${folder}/a`, pieces);
    assertEquals([runs, namesIn(folder), await readText(`${folder}/a`)], [2, ["a"], "text"]);
  }));

/** Makes a file look as if nobody had touched it for so many hours. */
async function age(path: string, hours: number): Promise<void> {
  const then = new Date(Date.now() - hours * 60 * 60 * 1000);
  await Deno.utime(path, then, then);
}

Deno.test("prepareFolder() removes what a process left that was killed the day before", () =>
  withFolder(async (folder) => {
    const others = ["a.txt", "b.partial", "c.txt.partial"];
    for (const name of others) {
      await Deno.writeTextFile(`${folder}/${name}`, "kept");
      await age(`${folder}/${name}`, 1000);
    }
    await whileWriting(folder, () => Promise.resolve());
    const [left] = namesIn(folder).filter((name) => !others.includes(name));
    await age(`${folder}/${left}`, 23);
    await prepareFolder(folder);
    assertEquals(namesIn(folder).length, 4);
    await age(`${folder}/${left}`, 25);
    await prepareFolder(folder);
    assertEquals(namesIn(folder), others);
    assertEquals(await readText(`${folder}/a.txt`), "kept");
  }));

Deno.test("prepareFolder() leaves alone what a process writes whose locks do not show here", () =>
  withFolder(async (folder) => {
    await whileWriting(folder, async () => { // without a lock, as on another machine
      const writing = namesIn(folder);
      await prepareFolder(folder);
      assertEquals([writing.length, namesIn(folder)], [1, writing]);
    });
  }));

Deno.test("prepareFolder() makes a folder and leaves it empty", () =>
  withFolder(async (folder) => {
    await prepareFolder(`${folder}/new/folder`);
    assertEquals(namesIn(`${folder}/new/folder`), []);
  }));

Deno.test("prepareFolder() refuses a folder that cannot be made or written to", () =>
  withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    for (const path of [`${folder}/file/below`, "/proc"]) {
      const message = `Cannot write to ${path}: the `;
      await assertRejects(() => prepareFolder(path), InputError, message);
    }
  }));

Deno.test("removeLeftovers() removes links as well, and all where nobody writes any more", () =>
  withFolder(async (folder) => {
    await removeLeftovers(`${folder}/none`);
    await Deno.symlink("nowhere", temporaryPath(`${folder}/link`));
    await writeAtomically(temporaryPath(`${folder}/file`), "");
    await writeAtomically(`${folder}/kept`, "");
    await removeLeftovers(folder);
    assertEquals(namesIn(folder).length, 3);
    await removeLeftovers(folder, { all: true });
    assertEquals(namesIn(folder), ["kept"]);
  }));
