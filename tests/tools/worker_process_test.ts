import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { cellKinds } from "../../experiments/cells/cell_kinds.ts";
import { cellRunner } from "../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { encodeJson, InputError, readLines } from "../../lib/core/mod.ts";
import { entriesOf } from "../../lib/io/mod.ts";
import { type CellSpec, here, processes, runCells } from "../../lib/sweep/mod.ts";
import { cellFolder } from "../../tools/cell_store.ts";
import { howEnded, startWorkerProcess } from "../../tools/worker_process.ts";
import { tinyCells, writeTinyRef } from "../experiments/cells/tiny_cells.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { memoryStore } from "../sweep/memory_store.ts";
import { withKeptFolder } from "./kept_folder.ts";

const root = new URL("../../", import.meta.url).pathname;

const start = () => startWorkerProcess(Deno.execPath(), { keep: 1, threads: 1 });

const options = () => ({ store: memoryStore(), fingerprint: "v1" });

Deno.test("startWorkerProcess() measures in processes what is measured here, bit for bit", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4", "agileq-8"]);
    await using executor = processes(2, start);
    const apart = await runCells(cells, { ...options(), executor });
    const run = cellRunner(cellKinds, new SubjectPool(1));
    const inside = await runCells(cells, { ...options(), executor: here(run) });
    assertEquals({ ...apart, seconds: inside.seconds }, inside);
    assertEquals(apart.computed.length, 3);
  }));

Deno.test("startWorkerProcess() starts a process that refuses a cell and measures the next", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4"]);
    const stale = { ...cells[0], config: { ...cells[0].config, weights: "0123" } };
    await using executor = processes(1, start);
    const outcome = await runCells([stale, cells[1]], { ...options(), executor });
    assertEquals(outcome.computed, ["rtn4"]);
    assertMatch(outcome.refusals.get("fp16")!, /^Cannot measure fp16: weights must be as it was /);
  }));

Deno.test("startWorkerProcess() starts a process whose defect is known with its stack", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 4), ["fp16"]);
    const broken = { ...cell, config: { ...cell.config, method: "none" } };
    await using executor = processes(1, start);
    const error = await assertRejects(() => runCells([broken], { ...options(), executor }));
    assertEquals(error instanceof InputError, false);
    assertStringIncludes((error as Error).stack!, "experiments/measure/evaluation.ts:");
  }));

/** Starts processes, the first of which get a signal in the midst of their first cell. */
function killed(times: number, signal: Deno.Signal = "SIGKILL") {
  let started = 0;
  const startKilled = () => {
    const worker = start();
    if (++started > times) return worker;
    return {
      ...worker,
      lines: (async function* () {
        for await (const line of worker.lines) {
          yield line;
          if (line.includes("windows")) Deno.kill(worker.pid, signal);
        }
      })(),
    };
  };
  return { startKilled, started: () => started };
}

Deno.test("startWorkerProcess() killed in a cell costs nothing but its time", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 200), ["fp16", "rtn4"]);
    const { startKilled, started } = killed(1);
    await using executor = processes(1, startKilled);
    const outcome = await runCells(cells, { ...options(), executor });
    assertEquals([outcome.computed, started()], [["fp16", "rtn4"], 2]);
  }));

Deno.test("startWorkerProcess() killed twice in a cell has that refused alone", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 200), ["fp16", "rtn4"]);
    const { startKilled, started } = killed(2);
    await using executor = processes(1, startKilled);
    const outcome = await runCells(cells, { ...options(), executor });
    const reason = "Cannot measure fp16: its process must live to the end, which takes memory: " +
      'fewer processes need less, got "killed by SIGKILL"';
    assertEquals([...outcome.refusals], [["fp16", reason]]);
    assertEquals([outcome.computed, started()], [["rtn4"], 3]);
  }));

Deno.test("startWorkerProcess() ends what a launcher has started, too", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 4), ["fp16"]);
    const launcher = `${folder}/deno`;
    await Deno.writeTextFile(launcher, `#!/bin/sh\n"${Deno.execPath()}" "$@"\n`, { mode: 0o755 });
    const launch = () => startWorkerProcess(launcher, { keep: 1, threads: 1 });
    await using executor = processes(1, launch);
    const { computed } = await runCells([cell], { ...options(), executor });
    assertEquals(computed, ["fp16"]);
  }));

Deno.test("startWorkerProcess() starts a process that leaves Ctrl-C to its parent", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 200), ["fp16"]);
    const { startKilled, started } = killed(1, "SIGINT");
    await using executor = processes(1, startKilled);
    const outcome = await runCells(cells, { ...options(), executor });
    assertEquals([outcome.computed, started()], [["fp16"], 1]);
  }));

Deno.test("startWorkerProcess() starts a process that ends with its input, also in a cell", () =>
  withFolder(async (folder) => {
    const [cell] = await tinyCells(await writeTinyRef(folder, 30_000), ["fp16"]);
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", "-P=worker", "tools/cell_worker.ts", '{"keep":1}'],
      cwd: root,
      ...{ stdin: "piped", stdout: "piped" } as const,
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(`${encodeJson(cell)}\n`));
    const events: string[] = [];
    for await (const line of readLines(child.stdout)) {
      if (events.push(JSON.parse(line).event) === 1) await writer.close();
    }
    assertEquals([events.includes("result"), (await child.status).code], [false, 0]);
  }));

/** Runs the program of a worker that gets no cell, and prints when it ends. */
async function runIdle(print: string) {
  const worker = JSON.stringify(`file://${root}tools/cell_worker.ts`);
  const script = `addEventListener("unload", () => { ${print} }); await import(${worker});`;
  const flags = ["-q", "--no-prompt", "-P=worker", "--config", "deno.json"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...flags,
      `data:application/typescript,${encodeURIComponent(script)}`,
      '{"keep":1}',
    ],
    cwd: root,
    ...{ stdin: "null", stdout: "piped", stderr: "piped" } as const,
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test("startWorkerProcess() starts a process that ends with its input", async () => {
  assertEquals(await runIdle(""), { code: 0, out: "", err: "" });
});

Deno.test("startWorkerProcess() starts a process that prints on standard error alone", async () => {
  const { out, err } = await runIdle(
    "console.log('seen'); console.table(['seen']); console.dir('seen'); console.group('seen');",
  );
  assertEquals([out, err.split("seen").length], ["", 5]);
});

Deno.test("startWorkerProcess() says how many threads compute, how many models stay and what is allowed", () =>
  withFolder(async (folder) => {
    const echo = '#!/bin/sh\necho "$AGILE_QUANT_THREADS $OMP_NUM_THREADS $*"\n';
    await Deno.writeTextFile(`${folder}/deno`, echo, { mode: 0o755 });
    const weights = { folder: "kept", sources: "v1", onUnkept: () => {} };
    const scores = { ...weights, folder: "scored" };
    const folders = { scratch: "scratch", weights, scores };
    const worker = startWorkerProcess(`${folder}/deno`, { keep: Infinity, threads: 3, folders });
    const [line, ...others] = await Array.fromAsync(worker.lines);
    const program = `file://${root}tools/cell_worker.ts`;
    const pool = '{"keep":"Infinity","folders":' +
      '{"scratch":"scratch","weights":{"folder":"kept","sources":"v1"},' +
      '"scores":{"folder":"scored","sources":"v1"}}}';
    assertEquals(line, `3 3 run -q --no-prompt -P=worker ${program} ${pool}`);
    assertEquals([others, await worker.ended], [[], "exit status 0"]);
    await worker.write("nobody reads this");
    worker.kill();
  }));

Deno.test("startWorkerProcess() starts a process that may not reach out, nor write but where cells are kept", () => {
  const { worker } = config.permissions;
  assertEquals(Object.keys(worker), ["read", "write", "env", "ffi"]);
  assertEquals(worker.write, [cellFolder]);
});

Deno.test("startWorkerProcess() starts a process that keeps quantized weights for the next one", () =>
  withFolder((folder) =>
    withKeptFolder(async (kept) => {
      const cells = await tinyCells(await writeTinyRef(folder, 4), ["gptq4"]);
      const folders = { weights: { folder: kept, sources: "v1" } };
      const measure = async () => {
        await using executor = processes(
          1,
          () => startWorkerProcess(Deno.execPath(), { keep: 1, threads: 1, folders }),
        );
        return (await runCells(cells, { ...options(), executor })).results;
      };
      const written = async () => {
        const [{ name: version }] = await entriesOf(kept);
        const blocks = await entriesOf(`${kept}/${version}`);
        const paths = blocks.map(({ name }) => `${kept}/${version}/${name}`).toSorted();
        return await Promise.all(paths.map(async (path) => (await Deno.stat(path)).mtime));
      };
      const results = await measure();
      const first = await written();
      assertEquals([await measure(), await written()], [results, first]);
      assert(first.length > 0);
    })
  ));

Deno.test("startWorkerProcess() starts a process that warns of weights which nothing takes", () =>
  withFolder((folder) =>
    withKeptFolder(async (kept) => {
      const cells = await tinyCells(await writeTinyRef(folder, 4), ["gptq4"]);
      await Deno.writeTextFile(`${kept}/file`, "");
      const folders = { weights: { folder: `${kept}/file`, sources: "v1" } };
      const warnings: string[] = [];
      await using executor = processes(
        1,
        () => startWorkerProcess(Deno.execPath(), { keep: 1, threads: 1, folders }),
        (text) => warnings.push(text),
      );
      const { computed } = await runCells(cells, { ...options(), executor });
      assertEquals(computed.length, 1);
      assertStringIncludes(warnings[0], `${kept}/file`);
    })
  ));

/** Whether a process is at work; one that has ended may wait for somebody to ask how. */
async function isAlive(pid: number): Promise<boolean> {
  const command = new Deno.Command("cat", { args: [`/proc/${pid}/stat`], stderr: "null" });
  const { success, stdout } = await command.output();
  return success && !/\) [ZX]/.test(new TextDecoder().decode(stdout));
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const program = "tests/tools/worker_program.ts";

/** A program in whose two processes a long cell and a short one are measured; the short one is stored. */
async function startProgram(folder: string) {
  const [short] = await tinyCells(await writeTinyRef(`${folder}/short`, 2), ["rtn4"]);
  const [long] = await tinyCells(await writeTinyRef(`${folder}/long`, 30_000), ["fp16"]);
  const cells: CellSpec[] = [{ ...short, id: "short" }, long, { ...long, id: "other" }];
  await Deno.writeTextFile(`${folder}/cells.json`, encodeJson(cells));
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", program, `${folder}/cells.json`, `${folder}/store`],
    cwd: root,
    env: { NO_COLOR: "1" },
    ...{ stdout: "piped", stderr: "piped" } as const,
  }).spawn();
  const complaints = new Response(child.stderr).text();
  const lines = readLines(child.stdout);
  const workers: number[] = [];
  while (workers.length < 2) workers.push(Number((await lines.next()).value));
  const stored = async () => (await Array.fromAsync(Deno.readDir(`${folder}/store`))).length;
  await until(() => stored().then((count) => count > 0, () => false));
  assertEquals(await Promise.all(workers.map(isAlive)), [true, true]);
  const end = async () => {
    const { code, signal } = await child.status;
    await lines.return();
    return { code, signal, complaints: await complaints };
  };
  return { child, workers, stored, end };
}

const needsProc = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "startWorkerProcess() leaves no process behind at Ctrl-C, and what is stored stays",
  needsProc,
  () =>
    withFolder(async (folder) => {
      const { child, workers, stored, end } = await startProgram(folder);
      // As a terminal does it: to all processes of the group.
      for (const pid of [...workers, child.pid]) Deno.kill(pid, "SIGINT");
      const { code, complaints } = await end();
      assertEquals(code, 130, complaints);
      assertStringIncludes(complaints, "Interrupted.");
      assertEquals(await Promise.all(workers.map(isAlive)), [false, false]);
      assertEquals(await stored(), 1);
    }),
);

Deno.test(
  "startWorkerProcess() leaves no process behind when its parent is killed",
  needsProc,
  () =>
    withFolder(async (folder) => {
      const { child, workers, end } = await startProgram(folder);
      child.kill("SIGKILL");
      assertEquals((await end()).signal, "SIGKILL");
      for (const pid of workers) await until(async () => !await isAlive(pid));
    }),
);

for (
  const [status, complaints, how] of [
    [{ code: 137, signal: "SIGKILL" }, "", "killed by SIGKILL"],
    [{ code: 3, signal: null }, "\n", "exit status 3"],
    [
      { code: 1, signal: null },
      "a warning\nerror: Uncaught RangeError: too long\n    at f (a.ts:1:2)\n",
      "exit status 1: error: Uncaught RangeError: too long",
    ],
    [
      { code: 133, signal: "SIGTRAP" },
      "\n<--- Last few GCs --->\n\n#\n# Fatal JavaScript out of memory: Reached heap limit\n#\n====\n",
      "killed by SIGTRAP: # Fatal JavaScript out of memory: Reached heap limit",
    ],
    [
      { code: 134, signal: "SIGABRT" },
      "first\nfree(): invalid size\n",
      "killed by SIGABRT: free(): invalid size",
    ],
  ] as const
) {
  Deno.test(`howEnded() says ${how}`, () => assertEquals(howEnded(status, complaints), how));
}

/** What a program that may run `deno` and nothing else finds on this PATH. */
async function findOn(path: string): Promise<string> {
  const script = `
    import { findDeno } from ${JSON.stringify(`file://${root}tools/worker_process.ts`)};
    console.log(await findDeno().catch((error) => error.message));`;
  const flags = ["-q", "--no-prompt", "--allow-read", "--allow-run=deno", "--config", "deno.json"];
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, `data:application/typescript,${encodeURIComponent(script)}`],
    cwd: root,
    env: { PATH: path },
  }).output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("findDeno() finds the Deno that runs, or the one of its version on PATH", () =>
  withFolder(async (folder) => {
    const path = Deno.execPath();
    assertEquals(await findOn(path.replace(/\/[^/]*$/, "")), path);
    await Deno.symlink(path, `${folder}/deno`);
    assertEquals(await findOn(folder), "deno");
  }));

Deno.test("findDeno() refuses a PATH without Deno, or with another version", () =>
  withFolder(async (folder) => {
    const rule = `deno on PATH must be Deno ${Deno.version.deno}, as this is`;
    assertEquals(await findOn(folder), `Cannot start processes: ${rule}, got "none"`);
    await Deno.writeTextFile(`${folder}/deno`, "#!/bin/sh\necho deno 1.2.3\n", { mode: 0o755 });
    assertEquals(await findOn(folder), `Cannot start processes: ${rule}, got "1.2.3"`);
  }));
