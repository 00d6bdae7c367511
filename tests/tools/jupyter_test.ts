import { assert, assertEquals, assertRejects } from "@std/assert";
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

Deno.test({
  name: "Jupyter.start() removes what a killed process left, and nothing of a running one",
  ignore: !await hasJupyter(),
  async fn() {
    const results = new URL("../../results/", import.meta.url).pathname;
    const folders = () =>
      Array.from(Deno.readDirSync(results), ({ name }) => name)
        .filter((name) => name.startsWith(".jupyter-"));
    const left = await Deno.makeTempDir({ dir: results, prefix: ".jupyter-" });
    await Deno.writeTextFile(`${left}/lock`, "");
    const before = folders();
    {
      await using _one = await Jupyter.start();
      const [running] = folders().filter((name) => !before.includes(name));
      await using _other = await Jupyter.start();
      assert(!folders().includes(left.split("/").pop()!));
      assert(folders().includes(running));
    }
    assertEquals(folders().filter((name) => !before.includes(name)), []);
  },
});
