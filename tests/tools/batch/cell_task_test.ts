import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cellKey, type CellSpec } from "../../../lib/sweep/mod.ts";
import { cellFolder, fileCellStore } from "../../../tools/cell_store.ts";
import { SweepFolder } from "../../../tools/batch/sweep_folder.ts";
import { fingerprintOf } from "../../../tools/fingerprint.ts";
import { tinyCells, writeTinyRef } from "../../experiments/cells/tiny_cells.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const sources = await fingerprintOf(["tools/batch/cell_task.ts"]);

/** How a task has ended. */
interface Ended {
  code: number;
  out: string;
  err: string;
}

/** Runs the task of a sweep with these cells, all under a fingerprint of its own. */
async function withTask(
  cells: readonly CellSpec[],
  test: (
    task: { sweep: SweepFolder; keys: string[]; run(): Promise<Ended> },
  ) => Promise<void>,
  submitted = sources,
): Promise<void> {
  const fingerprint = crypto.randomUUID();
  const keys = await Promise.all(cells.map((cell) => cellKey(cell, fingerprint)));
  const task = cells.map((cell, index) => ({ key: keys[index], cell }));
  const plan = { fingerprint, sources: submitted, tasks: [[], task] };
  const sweep = await SweepFolder.of(plan);
  await sweep.prepare(plan, "");
  try {
    await test({
      ...{ sweep, keys },
      async run() {
        const program = ["run", "-q", "--no-prompt", "-P=task", "tools/batch/cell_task.ts"];
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: [...program, sweep.path, "1"],
          env: { NO_COLOR: "1" },
        }).output();
        const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
        return { code, out, err };
      },
    });
  } finally {
    await Deno.remove(sweep.path, { recursive: true });
    for (const key of keys) await Deno.remove(`${cellFolder}/${key}.json`).catch(() => {});
  }
}

Deno.test("cell_task measures and stores a cell whose log cannot be written", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 2), ["rtn4"]);
    await withTask(cells, async ({ sweep, keys, run }) => {
      await Deno.mkdir(sweep.logOf(cells[0])); // a folder in its place
      assertEquals((await run()).code, 0);
      assertEquals((await fileCellStore(cellFolder).get(keys[0]))?.id, "rtn4");
    });
  }));

Deno.test("cell_task stores each cell of its task, and measures none again", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4"]);
    await withTask(cells, async ({ sweep, keys, run }) => {
      const { code, out } = await run();
      assertEquals([code, out.match(/: stored$/gm)?.length], [0, 2]);
      const records = await Promise.all(keys.map((key) => fileCellStore(cellFolder).get(key)));
      assertEquals(records.map((record) => record?.id), ["fp16", "rtn4"]);
      assertMatch((await run()).out, /rtn4: stored before$/m);
      const again = await Promise.all(keys.map((key) => fileCellStore(cellFolder).get(key)));
      assertEquals(again, records);
      assertMatch(
        await Deno.readTextFile(sweep.logOf(cells[1])),
        /rtn4: stored\n.*rtn4: stored before\n$/,
      );
      assertEquals((await sweep.failures()).size, 0);
    });
  }));

Deno.test("cell_task notes why a cell is refused, and measures the next", () =>
  withFolder(async (folder) => {
    const [first, second] = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4"]);
    const stale = { ...first, config: { ...first.config, weights: "0123" } };
    await withTask([stale, second], async ({ sweep, keys, run }) => {
      assertEquals((await run()).code, 0);
      const [[key, failure], ...others] = await sweep.failures();
      assertEquals([key, failure.event, others], [keys[0], "refusal", []]);
      assertEquals((await fileCellStore(cellFolder).get(keys[1]))?.id, "rtn4");
    });
  }));

Deno.test("cell_task notes a defect with its stack and ends", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 4), ["fp16"]);
    const broken = { ...cell, config: { ...cell.config, method: "none" } };
    await withTask([broken], async ({ sweep, run }) => {
      assertEquals((await run()).code, 1);
      const [failure] = (await sweep.failures()).values();
      assertEquals(failure.event, "defect");
      if (failure.event === "defect") assertMatch(failure.stack!, /evaluation\.ts:\d/);
    });
  }));

Deno.test("cell_task measures nothing with other sources than were submitted", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4"]);
    await withTask(cells, async ({ sweep, run, keys }) => {
      const { code, out, err } = await run();
      const failures = await sweep.failures();
      for (const [index, id] of ["fp16", "rtn4"].entries()) {
        const message =
          `Cannot measure ${id}: the sources must be as they were when it was submitted`;
        assertEquals(failures.get(keys[index]), { event: "refusal", id, problems: [message] });
        assertStringIncludes(out, `${id}: ${message}\n`);
      }
      assertEquals([code, err], [0, ""]);
    }, "other");
  }));

Deno.test("cell_task ends in one line without a whole plan", () =>
  withTask([], async ({ sweep, run }) => {
    await Deno.writeTextFile(`${sweep.path}/plan.json`, '{"tasks":[');
    const message = `Cannot measure cells of ${sweep.path}: plan.json must be there and whole\n`;
    assertEquals(await run(), { code: 1, out: "", err: message });
  }));
