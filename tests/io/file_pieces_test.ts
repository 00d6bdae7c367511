import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { openPieces } from "../../lib/io/file_pieces.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("FilePieces.read() reads pieces side by side, and holds no file open", () =>
  withFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7));
    const pieces = await openPieces(path);
    assertEquals(pieces.size, 8);
    const places = [[6, 2], [0, 8], [3, 1], [8, 0]];
    const read = await Promise.all(
      places.map(([offset, length]) => pieces.read(offset, length, "read")),
    );
    const atOnce = places.map(([offset, length]) => pieces.readSync(offset, length, "read"));
    assertEquals(atOnce, read);
    assertEquals(read.map((bytes) => [...bytes]), [[6, 7], [0, 1, 2, 3, 4, 5, 6, 7], [3], []]);
  }));

Deno.test("FilePieces.read() refuses what ends before, and what no memory holds", () =>
  withFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, new Uint8Array(4));
    const pieces = await openPieces(path);
    const refused = (length: number, message: string) =>
      assertRejects(() => pieces.read(1, length, "read x"), InputError, message);
    const shrunk = `Cannot read ${path}: the file must not shrink while it is read`;
    await refused(4, shrunk);
    assertThrows(() => pieces.readSync(1, 4, "read x"), InputError, shrunk);
    await refused(2 ** 52, `Cannot read x: its bytes must fit into memory, got ${2 ** 52}`);
  }));

Deno.test("openPieces() refuses what is no file", () =>
  withFolder(async (folder) => {
    const rule = "it must be a file, not a folder or device";
    await assertRejects(() => openPieces(folder), InputError, `Cannot read ${folder}: ${rule}`);
    const missing = `Cannot read ${folder}/a: the file must exist`;
    await assertRejects(() => openPieces(`${folder}/a`), InputError, missing);
  }));

Deno.test("FilePieces.read() opens the file again where its handle has gone stale", () =>
  withFolder(async (folder) => {
    const path = `${folder}/file`;
    await Deno.writeFile(path, Uint8Array.of(0, 1, 2, 3));
    const pieces = await openPieces(path);
    const { openSync } = Deno;
    let opened = 0;
    Deno.openSync = (path, options) => {
      const file = openSync(path, options);
      const fail = () => {
        throw new Error("Stale file handle (os error 116)");
      };
      if (++opened % 2 === 1) {
        Object.assign(file, { read: async () => await fail(), readSync: fail });
      }
      return file;
    };
    try {
      assertEquals([...await pieces.read(1, 2, "read")], [1, 2]);
      assertEquals([...pieces.readSync(2, 2, "read")], [2, 3]);
      assertEquals(opened, 4);
    } finally {
      Deno.openSync = openSync;
    }
  }));
