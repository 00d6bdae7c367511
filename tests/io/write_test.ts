import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  openUnfinished,
  prepareFolder,
  readText,
  removeUnlocked,
  writeAtomically,
} from "../../lib/io/mod.ts";
import { requireFolderPlace } from "../../lib/io/write.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("writeAtomically() writes text, bytes and pieces, and leaves nothing else", () =>
  withFolder(async (folder) => {
    const path = `${folder}/new/folders/a.txt`;
    const bytes = new TextEncoder().encode("größer");
    for (const content of ["größer", bytes, [bytes.subarray(0, 3), bytes.subarray(3)]]) {
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
    await assertRejects(() => writeAtomically(path, failing()), RangeError, "no more");
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
    }());`;
  const args = ["eval", "-q", program];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await test();
  child.kill("SIGKILL");
  await child.status;
  await reader.cancel();
}

Deno.test("prepareFolder() removes what a killed process left, and nothing that one writes", () =>
  withFolder(async (folder) => {
    const others = ["a.txt", "b.partial", "c.txt.partial"];
    for (const name of others) await Deno.writeTextFile(`${folder}/${name}`, "kept");
    await whileWriting(folder, async () => {
      assertEquals(namesIn(folder).length, 4);
      await prepareFolder(folder);
      assertEquals(namesIn(folder).length, 4);
    });
    assertEquals(namesIn(folder).length, 4);
    await prepareFolder(folder);
    assertEquals(namesIn(folder), others);
    assertEquals(await readText(`${folder}/a.txt`), "kept");
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

Deno.test("removeUnlocked() removes a folder once its lock is free", () =>
  withFolder(async (folder) => {
    const own = `${folder}/own`;
    await Deno.mkdir(own);
    const lock = await Deno.open(`${own}/lock`, { write: true, create: true });
    await lock.lock(true);
    await removeUnlocked(own, `${own}/lock`);
    assertEquals(namesIn(own), ["lock"]);
    lock.close();
    await removeUnlocked(own, `${own}/lock`);
    assertEquals(namesIn(folder), []);
    await removeUnlocked(own, `${own}/lock`);
  }));
