import { assertEquals } from "@std/assert";
import { freeBytes } from "../../lib/io/free_bytes.ts";
import { withFolder } from "./temporary_folder.ts";

Deno.test("freeBytes() knows the room of a folder that is there", () =>
  withFolder(async (folder) => {
    assertEquals((await freeBytes(folder))! > 0, true);
    assertEquals(await freeBytes(`${folder}/none`), undefined);
  }));

Deno.test({
  name: "freeBytes() does not ask where it may not",
  permissions: { read: true },
  fn: async () => assertEquals(await freeBytes("."), undefined),
});
