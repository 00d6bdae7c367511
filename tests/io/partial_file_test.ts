import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPartial, PartialFile } from "../../lib/io/partial_file.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("openPartial() goes on with a file, which can be begun anew and removed", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(path, "abc");
    using file = await openPartial(path);
    await file.append(new TextEncoder().encode("de"));
    assertEquals([file.size, await Deno.readTextFile(path)], [5, "abcde"]);
    await file.clear();
    await file.append(new TextEncoder().encode("f"));
    assertEquals([file.size, await Deno.readTextFile(path)], [1, "f"]);
    await file.flush();
    await file.remove();
    await file.remove(); // another process may have done it
    await assertRejects(() => Deno.stat(path));
  }));

Deno.test("PartialFile.clear() leaves alone what another process has made of the file by then", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`;
    using file = await openPartial(path);
    await file.append(new TextEncoder().encode("whole"));
    await Deno.rename(path, `${folder}/blob`);
    await file.clear();
    await file.append(new TextEncoder().encode("new"));
    assertEquals(await Deno.readTextFile(`${folder}/blob`), "whole");
    assertEquals(await Deno.readTextFile(path), "new");
  }));

Deno.test("openPartial() refuses a path that cannot be written", () =>
  withFolder(async (folder) => {
    await assertRejects(() => openPartial(folder), InputError, `Cannot write ${folder}: `);
  }));

Deno.test("PartialFile refuses where the system does not take more", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(path, "abc");
    using file = new PartialFile(path, await Deno.open(path), 3);
    const message = `Cannot write ${path}: the system must allow it, got `;
    await assertRejects(() => file.append(new Uint8Array(1)), InputError, message);
  }));
