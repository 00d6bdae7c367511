import { assertEquals, assertRejects } from "@std/assert";
import { InputError, type Progress, refuse } from "../../lib/core/mod.ts";
import {
  type CellRecord,
  type CellSpec,
  type CellStore,
  inLanes,
  type Lanes,
  runCells,
} from "../../lib/sweep/mod.ts";
import { type ClosureCell, runClosures } from "./closure_cells.ts";
import { memoryStore } from "./memory_store.ts";
import { reportingProgress } from "./reporting_progress.ts";

/** Cells named after their factor, which write down that they ran. */
function cellsOf(
  factors: number[],
  ran: number[] = [],
): (ClosureCell<number> & { config: { factor: number } })[] {
  return factors.map((factor) => ({
    id: `times-${factor}`,
    config: { factor },
    run() {
      ran.push(factor);
      return Promise.resolve(factor * 10);
    },
  }));
}

Deno.test("runCells() measures every cell once and reuses it later", async () => {
  const store = memoryStore();
  const ran: number[] = [];
  const cells = cellsOf([3, 1, 2], ran);
  const ids = cells.map(({ id }) => id);
  const first = await runClosures(cells, { store, fingerprint: "v1" });
  assertEquals([...first.results], [["times-3", 30], ["times-1", 10], ["times-2", 20]]);
  assertEquals([first.computed, first.reused], [ids, []]);

  const second = await runClosures(cells, { store, fingerprint: "v1" });
  assertEquals(second, { ...first, computed: [], reused: ids });
  assertEquals(ran, [3, 1, 2]);
});

Deno.test("runCells() measures anew when told to or when the fingerprint changes", async () => {
  const store = memoryStore();
  const ran: number[] = [];
  const cells = cellsOf([1], ran);
  await runClosures(cells, { store, fingerprint: "v1" });
  await runClosures(cells, { store, fingerprint: "v1", fresh: true });
  await runClosures(cells, { store, fingerprint: "v2" });
  assertEquals(ran, [1, 1, 1]);
});

Deno.test("runCells() measures the cells that are asked for, and takes others from the store", async () => {
  const store = memoryStore();
  const ran: number[] = [];
  const cells = cellsOf([1, 2, 3], ran);
  const asked = (...factors: number[]) => new Set(factors.map((factor) => `times-${factor}`));
  const few = await runClosures(cells, { store, fingerprint: "v1", asked: asked(2) });
  assertEquals([...few.results], [["times-2", 20]]);
  const settings = { store, fingerprint: "v1", fresh: true, asked: asked(3) };
  const more = await runClosures(cells, settings);
  assertEquals([...more.results], [["times-2", 20], ["times-3", 30]]);
  assertEquals([more.computed, more.reused], [["times-3"], ["times-2"]]);
  assertEquals(ran, [2, 3]);
});

Deno.test("runCells() gives a measured result exactly as it gives a stored one", async () => {
  const store = memoryStore();
  const run = () => Promise.resolve({ perplexity: Infinity, interval: undefined });
  const cells = [{ id: "diverged", config: {}, run }];
  const first = await runClosures(cells, { store, fingerprint: "v1" });
  const second = await runClosures(cells, { store, fingerprint: "v1" });
  assertEquals(Object.keys(first.results.get("diverged")!), ["perplexity"]);
  assertEquals(first.results, second.results);
  assertEquals(first.seconds, second.seconds);
  assertEquals(typeof first.seconds.get("diverged"), "number");
});

Deno.test("runCells() resumes at the cell in which it was interrupted", async () => {
  const store = memoryStore();
  const ran: number[] = [];
  const controller = new AbortController();
  const [first, second, third] = cellsOf([1, 2, 3], ran);
  const interrupted: typeof second = {
    ...second,
    run(_progress, signal) {
      controller.abort();
      signal.throwIfAborted();
      return Promise.resolve(0);
    },
  };
  const error = await assertRejects(() =>
    runClosures([first, interrupted, third], {
      store,
      fingerprint: "v1",
      signal: controller.signal,
    })
  );
  assertEquals(error, controller.signal.reason);
  assertEquals(ran, [1]);

  const outcome = await runClosures([first, second, third], { store, fingerprint: "v1" });
  assertEquals([outcome.reused, outcome.computed], [["times-1"], ["times-2", "times-3"]]);
});

Deno.test("runCells() starts no cell once its signal has aborted", async () => {
  const ran: number[] = [];
  const signal = AbortSignal.abort();
  await assertRejects(() =>
    runClosures(cellsOf([1], ran), { store: memoryStore(), fingerprint: "v1", signal })
  );
  assertEquals(ran, []);
});

Deno.test("runCells() measures the other cells when one refuses, and says why it did", async () => {
  const store = memoryStore();
  const refusing = (id: string, bits: number) => ({
    id,
    config: { bits },
    run: () => Promise.reject().catch(() => refuse("quantize", "bits must be 2..8", bits)),
  });
  const cells = [refusing("w9", 9), ...cellsOf([1]), refusing("w1", 1)];
  const outcome = await runClosures<number>(cells, { store, fingerprint: "v1" });
  assertEquals([...outcome.refusals], [
    ["w9", "Cannot quantize: bits must be 2..8, got 9"],
    ["w1", "Cannot quantize: bits must be 2..8, got 1"],
  ]);
  assertEquals([...outcome.results], [["times-1", 10]]);
  assertEquals([...store.records.values()].map(({ id }) => id), ["times-1"]);
});

Deno.test("runCells() stops at a defect", async () => {
  const ran: number[] = [];
  const broken = { id: "broken", config: {}, run: () => Promise.reject(new TypeError("defect")) };
  await assertRejects(
    () =>
      runClosures<number>([broken, ...cellsOf([1], ran)], {
        store: memoryStore(),
        fingerprint: "v1",
      }),
    TypeError,
    "defect",
  );
  assertEquals(ran, []);
});

Deno.test("runCells() keeps a result that cannot be stored, says why, and goes on", async () => {
  const ran: number[] = [];
  const memory = memoryStore();
  const store: CellStore = {
    ...memory,
    set: (key, record) =>
      record.id === "times-1"
        ? Promise.reject(new InputError("disk full"))
        : memory.set(key, record),
  };
  const cells = cellsOf([1, 2], ran);
  const outcome = await runClosures(cells, { store, fingerprint: "v1" });
  assertEquals([...outcome.results], [["times-1", 10], ["times-2", 20]]);
  assertEquals([...outcome.unstored], [["times-1", "disk full"]]);
  const later = await runClosures(cells, { store: memory, fingerprint: "v1" });
  assertEquals([later.computed, later.reused], [["times-1"], ["times-2"]]);
});

for (
  const [what, damage] of [
    ["another id", (record: CellRecord) => ({ ...record, id: "times-2" })],
    ["another config", (record: CellRecord) => ({ ...record, config: { factor: 2 } })],
    ["another fingerprint", (record: CellRecord) => ({ ...record, fingerprint: "v0" })],
    ["another result", (record: CellRecord) => ({ ...record, result: 11 })],
    ["a result of another shape", (record: CellRecord) => ({ ...record, result: { value: 10 } })],
    ["other seconds", (record: CellRecord) => ({ ...record, seconds: 1e6 })],
    ["more than was written", (record: CellRecord) => ({ ...record, note: "by hand" })],
  ] as const
) {
  Deno.test(`runCells() measures anew what is stored with ${what}`, async () => {
    const store = memoryStore();
    const cells = cellsOf([1]);
    await runClosures(cells, { store, fingerprint: "v1" });
    const [[key, record]] = store.records;
    store.records.set(key, damage(record));
    const outcome = await runClosures(cells, { store, fingerprint: "v1" });
    assertEquals([outcome.computed, outcome.results.get("times-1")], [["times-1"], 10]);
    const { seconds: _, checksum: _of, ...again } = store.records.get(key)!;
    const { seconds: _then, checksum: _all, ...before } = record;
    assertEquals(again, before);
  });
}

Deno.test("runCells() measures anew what is stored whole, but of another cell", async () => {
  const store = memoryStore();
  await runClosures(cellsOf([1, 2]), { store, fingerprint: "v1" });
  const [[one], [two, other]] = store.records;
  store.records.set(one, other).set(two, other);
  const outcome = await runClosures(cellsOf([1, 2]), { store, fingerprint: "v1" });
  assertEquals([outcome.computed, outcome.reused], [["times-1"], ["times-2"]]);
  assertEquals(outcome.results.get("times-1"), 10);
});

Deno.test("runCells() refuses a result that cannot be stored, naming the cell", async () => {
  const run = () => Promise.resolve({ losses: new Float64Array(2) });
  const cells = [{ id: "typed", config: {}, run }];
  const { refusals } = await runClosures(cells, { store: memoryStore(), fingerprint: "v1" });
  assertEquals([...refusals], [
    ["typed", 'Cannot write JSON: value.losses must be plain data, got "Float64Array"'],
  ]);
});

Deno.test("runCells() refuses two cells of one id", async () => {
  await assertRejects(
    () => runClosures(cellsOf([1, 1]), { store: memoryStore(), fingerprint: "v1" }),
    InputError,
    'Cannot run cells: ids must be unique, got "times-1"',
  );
});

Deno.test("runCells() reports progress under the label of the cell, or its id", async () => {
  const { progress, reports } = reportingProgress();
  const [first, second] = cellsOf([1, 2]);
  const failing = { ...memoryStore(), set: () => Promise.reject(new InputError("disk full")) };
  const cells = [{ ...first, label: "once" }, {
    ...second,
    run(progress: Progress) {
      progress.start("windows", 5);
      progress.update(1, "loss 3");
      progress.finish("done");
      return Promise.resolve(20);
    },
  }, { ...first, id: "bad", run: () => Promise.reject(new InputError("no such model")) }];
  await runClosures<number>(cells, { store: failing, fingerprint: "v1", progress });
  assertEquals(reports, [
    ["say", "[1/3] once: measured, but not stored: disk full"],
    ["start", "[2/3] times-2: windows", 5],
    ["update", 1, "loss 3"],
    ["finish", "done"],
    ["say", "[2/3] times-2: measured, but not stored: disk full"],
    ["say", "[3/3] bad: refused: no such model"],
  ]);
});

/** Waits until something is the case. */
async function until(holds: () => boolean) {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve));
}

/** Measures cells in several lanes; a cell lasts until `release` is called with its id. */
function laneExecutor(lanes: number) {
  const running = new Map<string, () => void>();
  const started: string[] = [];
  const executor = inLanes({
    lanes,
    run: ({ id, config }, lane) => {
      started.push(`${id} in ${lane}`);
      return new Promise((resolve) => running.set(id, () => resolve(config)));
    },
  });
  const release = async (id: string) => {
    await until(() => running.has(id));
    running.get(id)!();
  };
  return { executor, started, release };
}

const laneCells = (...configs: unknown[]) =>
  configs.map((config, index): CellSpec => (
    { ...{ id: "abcdef"[index], experiment: "test", model: index % 2 }, config }
  ));

Deno.test("runCells() keeps all lanes at work, stores what ends and gives results in order", async () => {
  const { executor, started, release } = laneExecutor(2);
  const store = memoryStore();
  const running = runCells<number>(laneCells(1, 2, 3, 4), { executor, store, fingerprint: "v1" });
  await release("c");
  await release("b");
  await until(() => store.records.size === 2);
  assertEquals([...store.records.values()].map(({ id }) => id), ["c", "b"]);
  await release("a");
  await release("d");
  const { results, computed } = await running;
  assertEquals(started.toSorted(), ["a in 0", "b in 1", "c in 1", "d in 1"]);
  assertEquals([[...results], computed], [
    [["a", 1], ["b", 2], ["c", 3], ["d", 4]],
    ["a", "b", "c", "d"],
  ]);
});

Deno.test("runCells() stores what other lanes measure when one has a defect, and starts no more", async () => {
  const { executor, started, release } = laneExecutor(2);
  const store = memoryStore();
  const cells = [1, 2, 3, 4].map((value, index): CellSpec => ({
    ...laneCells(value)[0],
    id: "abcd"[index],
    model: index,
  }));
  const defect = new TypeError("defect");
  const run: Lanes["run"] = (cell, lane, hooks) =>
    cell.id === "a" ? Promise.reject(defect) : executor.run(cell, lane, hooks);
  const failing = inLanes({ ...executor, run });
  const running = assertRejects(
    () => runCells(cells, { executor: failing, store, fingerprint: "v1" }),
    TypeError,
  );
  await release("b");
  assertEquals(await running, defect);
  assertEquals(started, ["b in 1"]);
  assertEquals([...store.records.values()].map(({ id }) => id), ["b"]);
});
