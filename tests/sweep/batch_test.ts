import { assert, assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import {
  type AskedCell,
  batch,
  type CellFailure,
  type CellSpec,
  type CellStore,
  recordOf,
  runCells,
} from "../../lib/sweep/mod.ts";
import { fakeBatch, fares } from "./fake_batch.ts";
import { memoryStore } from "./memory_store.ts";
import { reportingProgress } from "./reporting_progress.ts";

const cellsOf = (ids: string, shares?: string): CellSpec[] =>
  [...ids].map((id) => (
    { id, experiment: "test", model: null, config: { id }, ...shares && { shares } }
  ));

/** Two looks come one right after the other, and records are seen at once. */
const quick = { pauses: { least: 0, most: 1 }, delay: 0 };

/** Stores cells as a task does that measured them: each is worth its id. */
async function store(cells: readonly AskedCell[], into: CellStore): Promise<void> {
  for (const cell of cells) await into.set(cell.key, await recordOf(cell, "v1", cell.id, 2.5));
}

Deno.test("batch() submits a task for each group of cells that share, and takes what tasks store", async () => {
  const records = memoryStore();
  const system = fakeBatch({
    start: async (cells) => {
      await store(cells, records);
      return fares.completed;
    },
  });
  const cells = [...cellsOf("ab", "gptq"), ...cellsOf("cd")];
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  const outcome = await runCells<string>(cells, options);
  assertEquals([...system.submitted.values()], [["a", "b"], ["c"], ["d"]]);
  assertEquals([...outcome.results], [["a", "a"], ["b", "b"], ["c", "c"], ["d", "d"]]);
  assertEquals([outcome.computed, outcome.seconds.get("a")], [["a", "b", "c", "d"], 2.5]);
  const again = await runCells(cells, options);
  assertEquals([again.reused.length, system.submitted.size, system.looks], [4, 3, 1]);
});

Deno.test("batch() waits for tasks, and shows how they fare", async () => {
  const records = memoryStore();
  const asked: AskedCell[] = [];
  const system = fakeBatch({
    start: (cells) => (asked.push(...cells), fares.waiting),
    look: async (batch) => {
      if (batch.looks === 3) batch.fares.set("7_0", fares.running);
      if (batch.looks === 4) {
        batch.fares.set("7_1", { ...fares.waiting, word: "PENDING (JobHeld)" });
      }
      if (batch.looks < 5) return;
      await store(asked, records);
      for (const id of batch.submitted.keys()) batch.fares.set(id, fares.completed);
    },
  });
  const { progress, reports } = reportingProgress();
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1", progress };
  const { computed } = await runCells(cellsOf("ab"), options);
  assertEquals(computed, ["a", "b"]);
  assertEquals(reports[0], ["start", "2 cells in Fake", 2]);
  assertEquals(reports[1], ["update", 0, "2 pending"]);
  assertEquals(reports.at(-2), ["update", 0, "1 running, 1 pending (JobHeld)"]);
  assertEquals(reports.at(-1), ["finish"]);
});

Deno.test("batch() submits anew what a task left behind, and nothing that it had finished", async () => {
  const records = memoryStore();
  const system = fakeBatch({
    start: async (cells) => {
      await store(cells.slice(0, 1), records); // every task ends after its first cell
      return fares.timeout;
    },
  });
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  const { computed, refusals } = await runCells(cellsOf("abcd", "gptq"), options);
  assertEquals([...system.submitted.values()], [
    ["a", "b", "c", "d"],
    ["b", "c", "d"],
    ["c", "d"],
    ["d"],
  ]);
  assertEquals([computed, refusals.size], [["a", "b", "c", "d"], 0]);
});

Deno.test("batch() refuses the cell at which two tasks have ended, and measures the others", async () => {
  const records = memoryStore();
  const system = fakeBatch({
    start: async (cells) => {
      if (cells[0].id === "a") return fares.timeout;
      await store(cells, records);
      return fares.completed;
    },
  });
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  const labelled = cellsOf("ab", "gptq").map((cell) => ({ ...cell, label: `table1/${cell.id}` }));
  const { computed, refusals } = await runCells(labelled, options);
  assertEquals([...system.submitted.values()], [["a", "b"], ["a", "b"], ["b"]]);
  assertEquals([...refusals], [[
    "a",
    'Cannot measure table1/a: its task must live to the end, got "TIMEOUT twice, see 7_1.log"',
  ]]);
  assertEquals(computed, ["b"]);
});

Deno.test("batch() refuses what a cancelled task left behind, and submits nothing of it again", async () => {
  const records = memoryStore();
  const system = fakeBatch({
    start: async (cells) => {
      await store(cells.slice(0, 1), records);
      return fares.cancelled;
    },
  });
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  const { computed, refusals } = await runCells(cellsOf("abc", "gptq"), options);
  const message = (id: string) =>
    `Cannot measure ${id}: its task must live to the end, got "CANCELLED"`;
  assertEquals([...refusals], [["b", message("b")], ["c", message("c")]]);
  assertEquals([computed, system.submitted.size], [["a"], 1]);
});

Deno.test("batch() gives the records of a task that ended well time to be seen", async () => {
  const records = memoryStore();
  const asked: AskedCell[] = [];
  const system = fakeBatch({
    start: (cells) => (asked.push(...cells), fares.completed),
    look: async ({ looks }) => looks === 4 && await store(asked, records),
  });
  const executor = batch(system, { ...quick, delay: 60_000 });
  const { computed } = await runCells(cellsOf("a"), {
    executor,
    store: records,
    fingerprint: "v1",
  });
  assertEquals([computed, system.submitted.size], [["a"], 1]);
});

Deno.test("batch() tries a cell again whose task the batch system has forgotten", async () => {
  const records = memoryStore();
  const system = fakeBatch({
    start: async (cells, task) => {
      if (task === "7_1") await store(cells, records);
      return fares.completed;
    },
    look: ({ fares }) => fares.delete("7_0"),
  });
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  assertEquals((await runCells(cellsOf("a"), options)).computed, ["a"]);
  assertEquals(system.submitted.size, 2);
});

const live = (keys: string[]) => [{ id: "3_1", keys, log: "3_1.log" }];

/** The key under which a cell is stored. */
async function keyOf(cell: CellSpec): Promise<string> {
  let key = "";
  const executor = {
    measure: (cells: readonly AskedCell[]) => Promise.resolve(void (key = cells[0].key)),
  };
  await runCells([cell], { executor, store: memoryStore(), fingerprint: "v1" });
  return key;
}

Deno.test("batch() submits no cell that a task of an earlier run is about", async () => {
  const [cell] = cellsOf("a");
  const system = fakeBatch({ start: () => fares.waiting, earlier: live([await keyOf(cell)]) });
  system.fares.set("3_1", fares.running);
  const options = { executor: batch(system, quick), store: memoryStore(), fingerprint: "v1" };
  await assertRejects(
    () => runCells([cell], options),
    InputError,
    "Cannot submit cells: none of them may be in Fake already (--resume waits for them, and " +
      'submits the others), got "3_1"',
  );
  assertEquals(system.submitted.size, 0);
});

Deno.test("batch() with resume waits for tasks of an earlier run, and submits the other cells", async () => {
  const records = memoryStore();
  const [first, second] = cellsOf("ab");
  const key = await keyOf(first);
  const system = fakeBatch({
    start: async (cells) => {
      await store(cells, records);
      return fares.completed;
    },
    look: async ({ looks }) => looks === 4 && await store([{ ...first, key, title: "" }], records),
    earlier: live([key]),
  });
  system.fares.set("3_1", fares.running);
  const executor = batch(system, { ...quick, resume: true });
  const outcome = await runCells([first, second], { executor, store: records, fingerprint: "v1" });
  assertEquals([outcome.computed, [...system.submitted.values()]], [["a", "b"], [["b"]]]);
});

Deno.test("batch() submits cells whose earlier tasks have ended", async () => {
  const records = memoryStore();
  const [cell] = cellsOf("a");
  const system = fakeBatch({
    start: async (cells) => {
      await store(cells, records);
      return fares.completed;
    },
    earlier: live([await keyOf(cell)]),
  });
  system.fares.set("3_1", fares.timeout);
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1" };
  assertEquals((await runCells([cell], options)).computed, ["a"]);
});

Deno.test("batch() refuses a cell as its task does, and throws a defect with its stack", async () => {
  const [cell, broken] = cellsOf("ab");
  const refusal: CellFailure = { event: "refusal", id: "a", problems: ["bits must be 2..8"] };
  const failures = new Map<string, CellFailure>([[await keyOf(cell), refusal]]);
  const system = fakeBatch({ start: () => fares.running, failures });
  const options = { executor: batch(system, quick), store: memoryStore(), fingerprint: "v1" };
  const { refusals } = await runCells([cell], options);
  assertEquals([...refusals], [["a", "bits must be 2..8"]]);
  const defect = { name: "TypeError", message: "no scale", stack: "TypeError: no scale\n at f" };
  failures.set(await keyOf(broken), { event: "defect", id: "b", ...defect });
  const error = await assertRejects(() => runCells([broken], options), Error);
  const { name, message, stack } = error;
  assertEquals([{ name, message, stack }, error instanceof InputError], [defect, false]);
});

Deno.test("batch() stops waiting once the signal aborts, with its reason", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const system = fakeBatch({
    start: () => fares.running,
    look: ({ looks }) => looks === 3 && controller.abort(new Error("interrupted")),
  });
  const executor = batch(system, { pauses: { least: 1, most: 1e6 } });
  const options = { executor, store: memoryStore(), fingerprint: "v1", signal };
  assertEquals(await assertRejects(() => runCells(cellsOf("a"), options)), signal.reason);
});

Deno.test("batch() does not wait once more where the signal aborted while it looked", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const look = () => controller.abort(new Error("interrupted"));
  const system = fakeBatch({ start: () => fares.running, look });
  const executor = batch(system, { pauses: { least: 1e6, most: 1e6 } });
  const options = { executor, store: memoryStore(), fingerprint: "v1", signal };
  assertEquals(await assertRejects(() => runCells(cellsOf("a"), options)), signal.reason);
});

Deno.test("batch() goes on while the batch system does not answer, and says so once", async () => {
  const records = memoryStore();
  const asked: AskedCell[] = [];
  const system = fakeBatch({
    start: (cells) => (asked.push(...cells), fares.running),
    look: async ({ looks }) => {
      if (looks === 6) await store(asked, records);
      if (looks > 1) throw new InputError("squeue must answer");
    },
  });
  const { progress, reports } = reportingProgress();
  const options = { executor: batch(system, quick), store: records, fingerprint: "v1", progress };
  assertEquals((await runCells(cellsOf("a"), options)).computed, ["a"]);
  const said = reports.filter(([how]) => how === "say");
  assertEquals(said, [["say", "Fake does not answer: squeue must answer"]]);
});

Deno.test("batch() looks less often while nothing changes", async () => {
  const times: number[] = [];
  const controller = new AbortController();
  const { signal } = controller;
  const system = fakeBatch({
    start: () => fares.running,
    look: ({ looks }) => {
      times.push(performance.now());
      if (looks === 7) controller.abort();
    },
  });
  const executor = batch(system, { pauses: { least: 10, most: 80 } });
  const options = { executor, store: memoryStore(), fingerprint: "v1", signal };
  await assertRejects(() => runCells(cellsOf("a"), options));
  const pauses = times.slice(1).map((time, index) => time - times[index]);
  const least = [10, 20, 40, 80, 80];
  assert(least.every((pause, index) => pauses[index] >= pause - 1), `${pauses}`);
});

Deno.test("batch() with resume bears several tasks of earlier runs that end at one cell", async () => {
  const [cell] = cellsOf("a");
  const keys = [await keyOf(cell)];
  const earlier = ["3_1", "4_1", "5_1"].map((id) => ({ id, keys, log: `${id}.log` }));
  const system = fakeBatch({
    start: () => fares.running,
    look: ({ looks, fares: all }) => {
      for (const { id } of earlier) all.set(id, looks > 1 ? fares.timeout : fares.running);
      if (looks > 1) { for (const id of system.submitted.keys()) all.set(id, fares.timeout); }
    },
    earlier,
  });
  for (const { id } of earlier) system.fares.set(id, fares.running);
  const executor = batch(system, { ...quick, resume: true });
  const options = { executor, store: memoryStore(), fingerprint: "v1" };
  const { refusals } = await runCells([cell], options);
  assertEquals([...refusals.keys()], ["a"]);
});
