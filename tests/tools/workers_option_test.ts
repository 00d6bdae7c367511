import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { evaluationCells } from "../../experiments/measure/evaluation.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { InputError, silent } from "../../lib/core/mod.ts";
import { openExecutor, threadsOf, watchSources } from "../../tools/workers_option.ts";
import { tinyCells, writeTinyRef } from "../experiments/cells/tiny_cells.ts";
import { tinyArchitecture, writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

const hooks = { progress: silent, signal: new AbortController().signal };

Deno.test("openExecutor() measures the same in this process and in others", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 4), ["rtn4"]);
    const results = [];
    for (const workers of [1, 2]) {
      await using executor = await openExecutor({ workers }, [evaluationCells], new SubjectPool(1));
      assertEquals(executor.lanes, workers);
      results.push(await executor.run(cell, workers - 1, hooks));
    }
    assertEquals(results[0], results[1]);
  }));

Deno.test("threadsOf() divides the cores among the processes, unless fewer threads are wanted", () => {
  assertEquals([threadsOf(2, 16), threadsOf(3, 16), threadsOf(2, 2), threadsOf(2, 1)], [
    8,
    5,
    1,
    1,
  ]);
  assertEquals([threadsOf(2, 16, "4"), threadsOf(8, 16, "4"), threadsOf(2, 16, "99")], [4, 2, 8]);
});

Deno.test("watchSources() refuses sources that have changed since", async () => {
  let sources = "first";
  const requireSame = await watchSources(() => Promise.resolve(sources));
  await requireSame();
  sources = "edited";
  await assertRejects(
    requireSame,
    InputError,
    "Cannot start a process: the sources must be as they were when this command began",
  );
});

const cores = navigator.hardwareConcurrency;

for (const tool of ["reproduce", "figures"]) {
  Deno.test(`${tool} refuses no --workers, and more than there are cores`, async () => {
    for (const count of ["0", String(cores + 1)]) {
      const err = "Cannot read the command line: --workers must be an integer in " +
        `1..${cores}, got "${count}"`;
      assertEquals(await runTool(tool, tool, "--workers", count), { code: 2, out: "", err });
    }
  });
}

/** A record without what measuring took. */
const untimed = (text: string) =>
  text.replaceAll(/Measured in \d+ s/g, "Measured").replace(/"seconds":\{[^}]*\}/, "");

const needsCores = { ignore: cores < 2 };

Deno.test(
  "figures --workers 2 draws the figures that it draws without",
  needsCores,
  () =>
    withFolder(async (root) => {
      const ids = Array.from({ length: 3000 }, (_, index) => (7 * index) % 300);
      await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
      await writeTinyModel(`${root}/mine`, { ...tinyArchitecture, layers: 2 });
      const model = ["--model", `${root}/mine`, "--window", "128", "--windows", "2"];
      const texts = ["--ids", `${root}/ids.json`, "--calibration", `${root}/ids.json`];
      const args = ["--figure", "6", ...model, ...texts, "--fresh", "--out"];
      const drawn = [];
      for (const workers of ["2", "1"]) {
        const folder = `${root}/out${workers}`;
        const ran = await runTool("figures", "figures", ...args, folder, "--workers", workers);
        assertEquals(ran.code, 0, ran.err);
        if (workers === "2") assertMatch(ran.err, /^2 processes: started$/m);
        const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();
        drawn.push(
          files.map((name) => [name, untimed(Deno.readTextFileSync(`${folder}/${name}`))]),
        );
      }
      assertEquals(drawn[0], drawn[1]);
    }),
);
