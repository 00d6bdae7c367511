import { assertEquals } from "@std/assert";
import { typedPath } from "../../lib/io/typed_path.ts";

/** What the path is where the command was typed in this folder. */
function typedIn(folder: string | undefined, path: string): string {
  const before = Deno.env.get("INIT_CWD");
  const set = (value: string | undefined) =>
    value === undefined ? Deno.env.delete("INIT_CWD") : Deno.env.set("INIT_CWD", value);
  set(folder);
  try {
    return typedPath(path);
  } finally {
    set(before);
  }
}

Deno.test("typedPath() is relative to where the command was typed", () => {
  assertEquals(typedIn("/elsewhere", "models/a"), "/elsewhere/models/a");
  assertEquals(typedIn("/elsewhere", "../b"), "/b");
  assertEquals(typedIn("/elsewhere", "/models/a"), "/models/a");
  assertEquals(typedIn(Deno.cwd(), "models/a"), "models/a");
  assertEquals(typedIn(undefined, "models/a"), "models/a");
});
