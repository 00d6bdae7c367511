import { assert, assertEquals } from "@std/assert";
import { structureViolations } from "../tools/check_structure.ts";
import { hasJupyter, Jupyter, jupyterPackages } from "../tools/jupyter.ts";
import {
  complaintsAbout,
  definitionsIn,
  figureCells,
  formatNotebook,
  type Notebook,
  notebookModule,
  stripNotebook,
} from "../tools/notebook.ts";

const root = new URL("..", import.meta.url);

/** Every notebook with the text of its file. */
const notebooks = [...Deno.readDirSync(new URL("notebooks", root))]
  .filter(({ name }) => name.endsWith(".ipynb"))
  .map(({ name }) => {
    const text = Deno.readTextFileSync(new URL(`notebooks/${name}`, root));
    return { name, text, notebook: JSON.parse(text) as Notebook };
  })
  .sort((one, other) => one.name < other.name ? -1 : 1);

Deno.test("notebooks are numbered from 00 without a gap", () => {
  const numbers = notebooks.map(({ name }) => name.slice(0, 2));
  assert(numbers.length > 0);
  assertEquals(numbers, numbers.map((_, index) => String(index).padStart(2, "0")));
});

for (const { name, text, notebook } of notebooks) {
  Deno.test(`notebook ${name} is stripped of outputs and metadata`, () => {
    assertEquals(text, formatNotebook(stripNotebook(notebook)), "deno task notebooks --strip");
  });

  Deno.test(`notebook ${name} defines nothing and imports what it may`, () => {
    assertEquals(definitionsIn(notebook), []);
    const file = `notebooks/${name.replace(".ipynb", ".ts")}`;
    assertEquals(structureViolations(new Map([[file, notebookModule(notebook)]])), []);
  });

  Deno.test(`notebook ${name} names its cells, and none twice`, () => {
    const ids = notebook.cells.map(({ id }) => id);
    assertEquals(new Set(ids).size, ids.length);
    const topic = name.slice(3, -".ipynb".length).replaceAll("_", "-");
    assert(ids.every((id) => id.startsWith(`${topic}-`)));
  });
}

/** Runs Deno on the cells of all notebooks, written as modules beside the notebooks' folder. */
async function denoOnCells(...args: string[]): Promise<void> {
  const folder = await Deno.makeTempDir({ dir: root.pathname, prefix: ".cells-" });
  try {
    for (const { name, notebook } of notebooks) {
      await Deno.writeTextFile(`${folder}/${name}.ts`, notebookModule(notebook));
    }
    const command = new Deno.Command(Deno.execPath(), { args: [...args, folder], cwd: root });
    const { success, stderr } = await command.output();
    assert(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("notebooks' cells pass the type checker", () => denoOnCells("check", "--quiet"));

Deno.test("notebooks' cells pass the linter", () => denoOnCells("lint", "--quiet"));

/** Runs every notebook, two at a time, each with its own kernel. */
function executeAll(jupyter: Jupyter): Map<string, Promise<Notebook>> {
  const runs = new Map(notebooks.map(({ name }) => [name, Promise.withResolvers<Notebook>()]));
  const queue = notebooks.values();
  const work = async () => {
    for (const { name, notebook } of queue) { // both workers take from the same queue
      const { resolve, reject } = runs.get(name)!;
      await jupyter.execute(notebook, () => {}).then(resolve, reject);
    }
  };
  Promise.all([work(), work()]);
  return new Map([...runs].map(([name, { promise }]) => [name, promise]));
}

const installed = await hasJupyter();
const required = Deno.env.get("CI") === "true";

if (!installed && !required) {
  Deno.test.ignore(`notebooks run on the Deno kernel: ignored, needs ${jupyterPackages}`, () => {});
} else {
  Deno.test("notebooks run on the Deno kernel", async (test) => {
    assert(installed, `notebooks cannot run: ${jupyterPackages} must be installed`);
    await using jupyter = await Jupyter.start();
    const runs = executeAll(jupyter);
    for (const { name, notebook } of notebooks) {
      const figures = figureCells(notebook).length;
      await test.step(`${name}, without an error and with ${figures} figures`, async () => {
        const executed = await runs.get(name)!;
        assertEquals(executed.cells.length, notebook.cells.length);
        assertEquals(complaintsAbout(executed), []);
      });
    }
    await Promise.allSettled(runs.values());
  });
}
