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

Deno.test({
  name: "Jupyter.start() describes the kernel in a folder that all who run notebooks share",
  ignore: !await hasJupyter(),
  async fn() {
    const results = new URL("../../results/", import.meta.url).pathname;
    const folders = () =>
      Array.from(Deno.readDirSync(results), ({ name }) => name)
        .filter((name) => name.startsWith(".jupyter-"));
    await Jupyter.start();
    const [folder, ...others] = folders();
    const spec = await Deno.readTextFile(`${results}${folder}/kernels/deno/kernel.json`);
    assertEquals([JSON.parse(spec).argv[0], others], [Deno.execPath(), []]);
    await Promise.all([Jupyter.start(), Jupyter.start()]);
    assertEquals(folders(), [folder]);
  },
});
