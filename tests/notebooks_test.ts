import { stripVTControlCharacters } from "node:util";
import { assert, assertEquals } from "@std/assert";
import { structureViolations } from "../tools/check_structure.ts";
import { hasJupyter, Jupyter, jupyterPackages } from "../tools/jupyter.ts";
import {
  carriedResults,
  type Cell,
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

Deno.test("notebooks have a number and a topic, and no two the same number", () => {
  const numbers = notebooks.map(({ name }) => name.match(/^(\d\d)_[a-z0-9_]+\.ipynb$/)?.[1]);
  assert(numbers.length > 0 && !numbers.includes(undefined));
  assertEquals(new Set(numbers).size, numbers.length);
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

  Deno.test(`notebook ${name} shows in a cell what that cell made`, () => {
    assertEquals(carriedResults(notebook), []);
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
    const jupyter = await Jupyter.start();
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
    await test.step("and a cell that fails is found out", async () => {
      const [cell] = notebooks[0].notebook.cells.filter(({ cell_type }) => cell_type === "code");
      const cells = [{ ...cell, source: "const a = 1;\nnothing(a);" }];
      const executed = await jupyter.execute({ ...notebooks[0].notebook, cells }, () => {});
      assertEquals(complaintsAbout(executed), [
        `cell 1 (${cell.id}): ReferenceError: nothing is not defined`,
      ]);
    });
  });
}

/** A notebook's code cell that Jupyter interrupts after some seconds, if any are given. */
function cellOf(source: string, stopAfter?: number): Cell {
  const metadata = stopAfter === undefined ? {} : { stop_after: stopAfter };
  const id = crypto.randomUUID();
  return { cell_type: "code", execution_count: null, id, metadata, source, outputs: [] };
}

/** What the cells of a notebook end in: an error's name and text, or the result as text. */
async function endings(...cells: Cell[]): Promise<string[]> {
  const jupyter = await Jupyter.start();
  const executed = await jupyter.execute({ ...notebooks[0].notebook, cells }, () => {});
  return executed.cells.map(({ outputs }) => {
    const { ename, evalue, data } = outputs?.find(({ output_type }) =>
      output_type === "error" || output_type === "execute_result"
    ) ?? {};
    return ename
      ? `${ename}: ${evalue}`
      : stripVTControlCharacters([data?.["text/plain"]].flat().join(""));
  });
}

Deno.test({
  name: "notebooks survive the button Stop and do not show a model that another took the place of",
  ignore: !installed && !required,
  async fn() {
    const found = await endings(
      cellOf(
        `import { cellHooks, openSubject, startNotebook } from "../experiments/notebook.ts";\n` +
          `import { compareMethods } from "../experiments/tables/compare_methods.ts";\n` +
          `await startNotebook();`,
      ),
      cellOf(`const subject = await openSubject("../data/models/opt-encyclopedia");\n"opened";`),
      cellOf(`await compareMethods(subject, ["gptq4", "agileq-8"], cellHooks());`, 1),
      cellOf(`await new Promise((resolve) => setTimeout(resolve, 2000));\n"not a run";`, 1),
      cellOf(`(await compareMethods(subject, ["fp16"], cellHooks())).rows.length;`),
      cellOf(`const subject = await openSubject("../data/models");`),
      cellOf(`await compareMethods(subject, ["fp16"], cellHooks());`),
    );
    assertEquals(found.slice(1), [
      '"opened"',
      "AbortError: Stopped. What earlier cells made is kept.",
      '"not a run"',
      "1",
      "InputError: Cannot load ../data/models: it must be the folder of a model, with config.json",
      "InputError: Cannot run opt-encyclopedia: no other may have been opened after it: open it again",
    ]);
  },
});
