import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { removeOwnFolder } from "../../lib/io/mod.ts";
import { withFolder } from "./temporary_folder.ts";

const isOwn = (name: string) => name.startsWith("mine");

Deno.test("removeOwnFolder() removes files of one's own, what writing them left, and the folder", () =>
  withFolder(async (folder) => {
    const own = `${folder}/own`;
    await Deno.mkdir(own);
    const left = "mine-1.01234567-0123-0123-0123-0123456789ab.partial";
    for (const name of ["mine-1", "mine-2", left]) await Deno.writeTextFile(`${own}/${name}`, "");
    await removeOwnFolder(own, isOwn);
    assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
  }));

Deno.test("removeOwnFolder() leaves files of others, folders and links, and says so", () =>
  withFolder(async (folder) => {
    const own = `${folder}/own`;
    await Deno.mkdir(`${own}/mine-folder`, { recursive: true });
    for (const name of ["mine-1", "yours"]) await Deno.writeTextFile(`${own}/${name}`, "");
    await Deno.symlink(`${own}/yours`, `${own}/mine-link`);
    const message = `Cannot remove ${own}: the system must allow it`;
    await assertRejects(() => removeOwnFolder(own, isOwn), InputError, message);
    const names = await Array.fromAsync(Deno.readDir(own), ({ name }) => name);
    assertEquals(names.sort(), ["mine-folder", "mine-link", "yours"]);
  }));
