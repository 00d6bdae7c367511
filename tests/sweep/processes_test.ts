import { assertEquals, assertRejects } from "@std/assert";
import { InputError, silent } from "../../lib/core/mod.ts";
import {
  type CellRunner,
  cellServer,
  type CellSpec,
  here,
  processes,
  runCells,
} from "../../lib/sweep/mod.ts";
import { type FakeWorker, fakeWorker } from "./fake_worker.ts";
import { memoryStore } from "./memory_store.ts";
import { reportingProgress } from "./reporting_progress.ts";

const cellsOf = (...configs: unknown[]): CellSpec[] =>
  configs.map((config, index) => (
    { ...{ id: "abcdef"[index], experiment: "test", model: index % 2 }, config }
  ));

const hooks = { progress: silent, signal: new AbortController().signal };

/** What starts workers that hear cells as these do, the last of them again and again. */
function starterOf(...hear: ((line: string, worker: FakeWorker) => unknown)[]) {
  const started: FakeWorker[] = [];
  const start = () => {
    const worker = fakeWorker(hear[Math.min(started.length, hear.length - 1)]);
    started.push(worker);
    return worker;
  };
  return { started, start };
}

/** Hears cells as a worker process does. */
const measuring = (run: CellRunner) => (line: string, worker: FakeWorker) =>
  void cellServer(run, (said) => worker.say(said))(line);

const echo = measuring(({ config }) => Promise.resolve(config));
const dying = (_: string, worker: FakeWorker) => worker.end("killed by SIGKILL");
const silentWorker = () => {};

const blamed = (how: string) => {
  const advice = how === "killed by SIGKILL"
    ? ", which takes memory: fewer processes need less"
    : "";
  return `Cannot measure a: its process must live to the end${advice}, got "${how}"`;
};

Deno.test("processes() gives results that are those of here(), bit for bit", async () => {
  const values = [-0, NaN, Infinity, -Infinity, 5e-324, 0.1, { none: undefined, deep: [[-0]] }];
  const cells = cellsOf(...values.slice(0, 6)).concat({ ...cellsOf(values[6])[0], id: "g" });
  const run: CellRunner = ({ config }) => Promise.resolve({ config });
  const options = { fingerprint: "v1", store: memoryStore() };
  const { start } = starterOf(measuring(run));
  await using executor = processes(2, start);
  const apart = await runCells<unknown>(cells, { ...options, fresh: true, executor });
  const inside = await runCells<unknown>(cells, { ...options, fresh: true, executor: here(run) });
  assertEquals({ ...apart, seconds: inside.seconds }, inside);
  assertEquals(apart.computed.length, 7);
});

Deno.test("processes() starts one process for each lane that has cells, and keeps it", async () => {
  const { started, start } = starterOf(echo);
  const executor = processes(3, start);
  assertEquals([executor.lanes, started.length], [3, 0]);
  const lanes = [0, 1, 0, 1, 0];
  for (const [index, lane] of lanes.entries()) {
    assertEquals(await executor.run(cellsOf(index)[0], lane, hooks), index);
  }
  assertEquals(started.length, 2);
  await executor[Symbol.asyncDispose]();
  for (const { ended } of started) assertEquals(await ended, "killed by SIGKILL");
});

Deno.test("processes() passes on what a cell reports", async () => {
  const { progress, reports } = reportingProgress();
  const { start } = starterOf(measuring(async (_, { progress }) => {
    progress.start("windows", 5);
    progress.update(2.5, "loss 3");
    progress.finish();
    progress.say("a remark");
    return await Promise.resolve(1);
  }));
  await using executor = processes(1, start);
  await executor.run(cellsOf(1)[0], 0, { ...hooks, progress });
  assertEquals(reports, [
    ["start", "windows", 5],
    ["update", 2.5, "loss 3"],
    ["finish", undefined],
    ["say", "a remark"],
  ]);
});

Deno.test("processes() passes on what a process warns of, and measures on", async () => {
  const warnings: string[] = [];
  const { start } = starterOf((line, worker) => {
    worker.say('{"event":"warning","text":"the disk is full"}');
    echo(line, worker);
  });
  await using executor = processes(1, start, (text) => warnings.push(text));
  assertEquals(await executor.run(cellsOf(1)[0], 0, hooks), 1);
  assertEquals(warnings, ["the disk is full"]);
});

Deno.test("processes() sends a cell as plain data, and nothing that is not its own", async () => {
  const heard: string[] = [];
  const { start } = starterOf((line, worker) => {
    heard.push(line);
    echo(line, worker);
  });
  await using executor = processes(1, start);
  const cell = { ...cellsOf({ clip: Infinity })[0], label: "opt", shares: "gptq", run() {} };
  await executor.run(cell, 0, hooks);
  assertEquals(heard, [
    '{"id":"a","label":"opt","experiment":"test","model":0,"config":{"clip":"Infinity"}}',
  ]);
});

Deno.test("processes() measures a cell again in a new process when its own has ended", async () => {
  const { started, start } = starterOf(dying, echo);
  await using executor = processes(1, start);
  assertEquals(await executor.run(cellsOf(1)[0], 0, hooks), 1);
  assertEquals(await executor.run(cellsOf(2)[0], 0, hooks), 2);
  assertEquals(started.length, 2);
});

Deno.test("processes() refuses a cell whose process has ended twice, and measures the others", async () => {
  const hear = (line: string, worker: FakeWorker) =>
    (line.includes('"id":"a"') ? dying : echo)(line, worker);
  const { started, start } = starterOf(hear);
  await using executor = processes(2, start);
  const store = memoryStore();
  const outcome = await runCells(cellsOf(1, 2, 3, 4), { executor, store, fingerprint: "v1" });
  assertEquals([...outcome.refusals], [["a", blamed("killed by SIGKILL")]]);
  assertEquals([...outcome.results], [["b", 2], ["c", 3], ["d", 4]]);
  assertEquals(started.length, 4);
});

Deno.test("processes() says that a process has ended, and measures once more", async () => {
  const { progress, reports } = reportingProgress();
  const { start } = starterOf(dying, echo);
  await using executor = processes(1, start);
  assertEquals(await executor.run(cellsOf(1)[0], 0, { ...hooks, progress }), 1);
  assertEquals(reports, [["say", "its process ended, killed by SIGKILL: measured once more"]]);
});

Deno.test("processes() blames a process by the label of its cell", async () => {
  const { start } = starterOf((_, worker) => worker.end("exit status 1: error: no memory"));
  await using executor = processes(1, start);
  await assertRejects(
    () => executor.run({ ...cellsOf(1)[0], label: "table1/opt/gptq4" }, 0, hooks),
    InputError,
    "Cannot measure table1/opt/gptq4: its process must live to the end, " +
      'got "exit status 1: error: no memory"',
  );
});

Deno.test("processes() does not hold it against a cell that a process ended before it", async () => {
  const { started, start } = starterOf(echo, dying, echo);
  await using executor = processes(1, start);
  await executor.run(cellsOf(1)[0], 0, hooks);
  started[0].end("killed by SIGTERM");
  await started[0].ended;
  assertEquals(await executor.run(cellsOf(2)[0], 0, hooks), 2);
  assertEquals(started.length, 3);
});

Deno.test("processes() refuses a cell as its process does, and keeps the process", async () => {
  const refusing: CellRunner = ({ config }) =>
    config === 9
      ? Promise.reject(new InputError("bits must be 2..8", "nor is that a method"))
      : Promise.resolve(config);
  const { started, start } = starterOf(measuring(refusing));
  await using executor = processes(1, start);
  const error = await assertRejects(() => executor.run(cellsOf(9)[0], 0, hooks), InputError);
  assertEquals(error.problems, ["bits must be 2..8", "nor is that a method"]);
  assertEquals(await executor.run(cellsOf(8)[0], 0, hooks), 8);
  assertEquals(started.length, 1);
});

Deno.test("processes() throws the defect of a process, with its stack", async () => {
  const defect = new TypeError("no scale");
  const { started, start } = starterOf(measuring(() => Promise.reject(defect)));
  await using executor = processes(1, start);
  const options = { executor, store: memoryStore(), fingerprint: "v1" };
  const error = await assertRejects(() => runCells(cellsOf(1, 2), options), Error);
  const { name, message, stack } = error;
  assertEquals({ name, message, stack }, {
    ...{ name: "TypeError", message: "no scale" },
    stack: defect.stack,
  });
  assertEquals([error instanceof InputError, started.length], [false, 1]);
});

for (const line of ["onednn_verbose,info", '{"event":"result","id":"b","result":1}']) {
  Deno.test(`processes() refuses a cell and ends its process when that writes ${line}`, async () => {
    const { started, start } = starterOf((_, worker) => worker.say(line), echo);
    await using executor = processes(1, start);
    await assertRejects(
      () => executor.run(cellsOf(1)[0], 0, hooks),
      InputError,
      `Cannot measure a: its process must write nothing but events, got ${JSON.stringify(line)}`,
    );
    assertEquals(await started[0].ended, "killed by SIGKILL");
    assertEquals(await executor.run(cellsOf(2)[0], 0, hooks), 2);
  });
}

Deno.test("processes() ends the processes at work once the signal aborts, with its reason", async () => {
  const { started, start } = starterOf(silentWorker);
  await using executor = processes(2, start);
  const controller = new AbortController();
  const { signal } = controller;
  const options = { executor, store: memoryStore(), fingerprint: "v1", signal };
  const running = assertRejects(() => runCells(cellsOf(1, 2, 3), options));
  while (started.length < 2) await new Promise((resolve) => setTimeout(resolve));
  controller.abort(new Error("interrupted"));
  assertEquals(await running, signal.reason);
  for (const { ended } of started) assertEquals(await ended, "killed by SIGKILL");
  assertEquals(started.length, 2);
});

Deno.test("processes() gives no cell to a process that starts after the signal aborts", async () => {
  const heard: string[] = [];
  const controller = new AbortController();
  await using executor = processes(1, () => {
    controller.abort(new Error("interrupted"));
    return fakeWorker((line) => heard.push(line));
  });
  await assertRejects(
    () => executor.run(cellsOf(1)[0], 0, { ...hooks, signal: controller.signal }),
    Error,
    "interrupted",
  );
  assertEquals(heard, []);
});

Deno.test("processes() refuses a cell when no process can start for it", async () => {
  const refused = new InputError("Cannot start a process: the sources must be as they were");
  await using executor = processes(1, () => Promise.reject(refused));
  const options = { executor, store: memoryStore(), fingerprint: "v1" };
  const { refusals } = await runCells(cellsOf(1), options);
  assertEquals([...refusals], [["a", refused.message]]);
});
