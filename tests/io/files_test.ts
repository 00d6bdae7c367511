import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError, sha256 } from "../../lib/core/mod.ts";
import {
  attempt,
  attemptOnce,
  decodeText,
  fill,
  isFolder,
  openFile,
  removeFile,
} from "../../lib/io/files.ts";
import {
  entriesOf,
  exists,
  hashFile,
  hashFiles,
  isGguf,
  readJson,
  readText,
  requireModelFolder,
  writeAtomically,
} from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("readText() refuses a missing file, a folder and bytes that are not UTF-8", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`;
    const refuses = (path: string, rule: string) =>
      assertRejects(() => readText(path), InputError, `Cannot read ${path}: ${rule}`);
    await refuses(path, "the file must exist");
    await refuses(folder, "it must be a file, not a folder or device");
    await writeAtomically(path, Uint8Array.of(0x61, 0xff));
    await refuses(path, "the file must be UTF-8 text");
  }));

Deno.test("readText() refuses a text that is too long for one string", () =>
  withFolder(async (folder) => {
    const path = `${folder}/long`;
    await writeAtomically(path, "");
    await Deno.truncate(path, 700e6);
    const rule = "it must have at most 536870888 bytes, which fit in one string, got 700000000";
    await assertRejects(() => readText(path), InputError, `Cannot read ${path}: ${rule}`);
  }));

Deno.test("readText() refuses a pipe, which might never end", () =>
  withFolder(async (folder) => {
    await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
    const rule = "it must be a file, not a folder or device";
    await assertRejects(() => readText(`${folder}/pipe`), InputError, rule);
    await assertRejects(() => readText("/dev/zero"), InputError, rule);
  }));

Deno.test("readText() refuses a link to nothing and keeps NUL, line ends and a byte order mark", () =>
  withFolder(async (folder) => {
    await Deno.symlink(`${folder}/nothing`, `${folder}/link`);
    await assertRejects(() => readText(`${folder}/link`), InputError, "the file must exist");
    const text = "\ufeffa\0b\r\n";
    await writeAtomically(`${folder}/a`, text);
    assertEquals(await readText(`${folder}/a`), text);
  }));

Deno.test("readJson() gives the value and names a file that is not JSON", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.json`;
    await writeAtomically(path, '{"a": [1]}');
    assertEquals(await readJson(path), { a: [1] });
    await writeAtomically(path, "{a}");
    const message = `Cannot read ${path}: the file must be JSON, got `;
    await assertRejects(() => readJson(path), InputError, message);
  }));

Deno.test("hashFile() agrees with SHA-256 of the whole", () =>
  withFolder(async (folder) => {
    for (const size of [0, 1, 1 << 20, (1 << 20) + 7]) {
      const bytes = Uint8Array.from({ length: size }, (_, i) => i * 31);
      await writeAtomically(`${folder}/a`, bytes);
      assertEquals(await hashFile(`${folder}/a`), await sha256(bytes));
    }
  }));

Deno.test("hashFiles() hashes the files joined end to end", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/a`, "one");
    await writeAtomically(`${folder}/b`, "two");
    assertEquals(await hashFiles([`${folder}/b`, `${folder}/a`]), await sha256("twoone"));
  }));

Deno.test("exists() tells files and folders from nothing", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/a`, "");
    const paths = [`${folder}/a`, folder, `${folder}/b`, `${folder}/b/c`];
    assertEquals(await Promise.all(paths.map(exists)), [true, true, false, false]);
    const message = `Cannot read ${folder}/a/b: the system must allow it, got `;
    await assertRejects(() => exists(`${folder}/a/b`), InputError, message);
  }));

Deno.test("requireModelFolder() says what is wrong with a path that is no model folder", () =>
  withFolder(async (folder) => {
    const refusal = (path: string, rule: string) =>
      assertRejects(() => requireModelFolder(path), InputError, `Cannot load ${path}: ${rule}`);
    await refusal(`${folder}/none`, "the folder must exist");
    const rule = "it must be the folder of a model, with config.json";
    await assertRejects(() => requireModelFolder(folder), Error, `Cannot load ${folder}: ${rule}`);
    for (const name of ["b.gguf", "a.gguf"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await refusal(folder, `${rule}, or one of its .gguf files, as a.gguf`);
    await Deno.writeTextFile(`${folder}/config.json`, "{}");
    await requireModelFolder(folder);
    await refusal(`${folder}/config.json`, "it must be the folder of a model or a .gguf file");
  }));

Deno.test("isGguf() and isFolder() tell a GGUF file, there or not, from a folder of such a name", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.gguf`;
    assertEquals([await isGguf(path), await isFolder(path)], [true, false]);
    await Deno.mkdir(path);
    assertEquals([await isGguf(path), await isFolder(path)], [false, true]);
    assertEquals([await isGguf(folder), await isGguf(`${folder}/a.bin`)], [false, false]);
  }));

Deno.test("hashFiles() stops once its signal is aborted", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/a`, "text");
    const signal = AbortSignal.abort(new Error("stopped"));
    await assertRejects(() => hashFiles([`${folder}/a`], signal), Error, "stopped");
  }));

Deno.test("fill() reads on from where the file is, and refuses one that ends before", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`;
    await writeAtomically(path, Uint8Array.of(1, 2, 3, 4, 5));
    using file = await openFile(path);
    const bytes = new Uint8Array(2);
    await fill(file, bytes, path);
    await fill(file, bytes, path);
    assertEquals(bytes, Uint8Array.of(3, 4));
    const message = `Cannot read ${path}: the file must not shrink while it is read`;
    await assertRejects(() => fill(file, bytes, path), InputError, message);
  }));

Deno.test("fill() goes on where the system reads a part at a time", async () => {
  let next = 1;
  const read = (bytes: Uint8Array) => Promise.resolve(bytes.set([next++])).then(() => 1);
  const bytes = new Uint8Array(3);
  await fill({ read } as unknown as Deno.FsFile, bytes, "a");
  assertEquals(bytes, Uint8Array.of(1, 2, 3));
});

Deno.test("decodeText() keeps a byte order mark, and names the part of the file that is no text", () => {
  assertEquals(decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61), "a.bin"), "\ufeffa");
  assertThrows(
    () => decodeText(Uint8Array.of(0xc3), "a.bin", "header"),
    InputError,
    "Cannot read a.bin: the header must be UTF-8 text",
  );
});

Deno.test("attempt() gives what the system gives, or says why it does not", async () => {
  assertEquals(await attempt("look", () => Promise.resolve(1)), 1);
  const fails = (error: Error, message: string) =>
    assertRejects(() => attempt("look", () => Promise.reject(error)), InputError, message);
  await fails(new Deno.errors.NotFound("gone"), "Cannot look: the file must exist");
  await fails(new Error("busy"), 'Cannot look: the system must allow it, got "busy"');
});

Deno.test("attempt() tries again what may pass, attemptOnce() does not; a refusal has its cause", async () => {
  const cause = new Error("Stale file handle (os error 116)");
  for (const [each, expected] of [[attempt, [2, 2]], [attemptOnce, [cause, 1]]] as const) {
    let tries = 0;
    const call = () => ++tries > 1 ? Promise.resolve(tries) : Promise.reject(cause);
    const end = await each("look", call).catch((refusal) => refusal.cause);
    assertEquals([end, tries], expected);
  }
});

Deno.test("entriesOf() gives none of a folder that has vanished, and refuses a file", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/a`, "");
    assertEquals((await entriesOf(folder)).map(({ name }) => name), ["a"]);
    assertEquals(await entriesOf(`${folder}/none`), []);
    await assertRejects(() => entriesOf(`${folder}/a`), InputError, `Cannot read ${folder}/a: `);
  }));

Deno.test("removeFile() removes a file that may be gone, and refuses what stays", () =>
  withFolder(async (folder) => {
    await writeAtomically(`${folder}/full/a`, "");
    const message = "Cannot tidy: the system must allow it, got ";
    await assertRejects(() => removeFile(`${folder}/full`, "tidy"), InputError, message);
    for (let turn = 0; turn < 2; turn++) await removeFile(`${folder}/full/a`, "tidy");
    assertEquals(await exists(`${folder}/full/a`), false);
  }));
