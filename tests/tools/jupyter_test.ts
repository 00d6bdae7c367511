import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { hasJupyter, Jupyter } from "../../tools/jupyter.ts";
import { withFolder } from "../io/temporary_folder.ts";

Deno.test("Jupyter.start() says what to install where there is no Jupyter", () =>
  withFolder(async (folder) => {
    const path = Deno.env.get("PATH")!;
    Deno.env.set("PATH", folder);
    try {
      assertEquals(await hasJupyter(), false);
      await assertRejects(
        () => Jupyter.start(),
        InputError,
        "Cannot run notebooks: Jupyter's nbconvert (Debian: apt install jupyter-nbconvert; " +
          "elsewhere: pip install nbconvert) must be installed",
      );
    } finally {
      Deno.env.set("PATH", path);
    }
  }));
