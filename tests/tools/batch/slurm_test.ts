import { assert, assertEquals, assertMatch } from "@std/assert";
import { withFolder } from "../../io/temporary_folder.ts";
import { endOf } from "../run_tool.ts";
import { stateOf } from "../../../tools/batch/slurm.ts";
import { codeBlocksOf } from "../../docs/code_blocks.ts";
import { shell, until } from "./host_processes.ts";
import { hasSlurm, type SlurmCluster, withSlurm } from "./slurm_cluster.ts";
import { bundled, cellsIn, copyProject, runSweep, startSweep, storedTimes } from "./sweep_run.ts";

Deno.test("stateOf() tells tasks that live from those that have ended, and says why one waits", () => {
  for (
    const [phase, ...words] of [
      ["completed", "COMPLETED"],
      ["cancelled", "CANCELLED"],
      ["failed", "TIMEOUT", "NODE_FAIL", "OUT_OF_MEMORY"],
      ["running", "RUNNING", "COMPLETING", "REQUEUED"],
      ["waiting", "PENDING"],
    ]
  ) for (const word of words) assertEquals<unknown>(stateOf(word, "None"), { phase, word });
  const held = { phase: "waiting", word: "PENDING (JobHeldUser)" };
  assertEquals<unknown>(stateOf("PENDING", "JobHeldUser"), held);
});

/** Rows that take little time: 20 on each of three models. */
const rows = [
  ...["fp16", "rtn4", "rtn4-absmax", "rtn3-g128", "tokens-w8a8", "tokens-w4a8", "fp8", "fp8-e5m2"],
  ...["fp6", "fp6-e3m2", "fp4", "mxfp8", "mxfp6", "mxfp4", "bitmod4", "bitmod3", "bipolar4"],
  ...["ternary", "rtn4-g128", "llm-int8-plain"],
];

const sweep = { models: bundled, rows };

/** The tasks of a sweep as Slurm has them. */
async function tasksIn({ ask }: SlurmCluster) {
  const queue = await ask("squeue", "--noheader", "--array", "--states=all", "--format=%i|%T|%N");
  return queue.split("\n").map((line) => {
    const [task, state, node] = line.split("|");
    return { task, state, node };
  });
}

/** A task that runs, on another node than `other`. */
async function runningTask(cluster: SlurmCluster, other: string) {
  let found: { task: string; node: string } | undefined;
  await until(async () => {
    const tasks = await tasksIn(cluster);
    found = tasks.find(({ state, node }) => state === "RUNNING" && node !== other);
    return found !== undefined;
  });
  return found!;
}

/** Stops a task that has just been started, so that it cannot have measured its cell, once some have ended. */
async function stopTask(cluster: SlurmCluster) {
  const earlier = new Set<string>();
  let stopped: { task: string; node: string } | undefined;
  await until(async () => {
    const tasks = await tasksIn(cluster);
    const isUnderway = tasks.some(({ state }) => state === "COMPLETED");
    const running = tasks.filter(({ state }) => state === "RUNNING");
    const next = running.find(({ task }) => isUnderway && !earlier.has(task));
    for (const { task } of running) earlier.add(task);
    stopped = next && await cluster.stop(next.task) ? next : undefined;
    return stopped !== undefined;
  });
  return stopped!;
}

/** How many jobs were submitted for each sweep. */
async function jobsOf({ variables }: SlurmCluster): Promise<number[]> {
  const script = "squeue --noheader --states=all --format='%F %j' | sort -u";
  const { out } = await shell(script, variables);
  const sweeps = out.split("\n").map((line) => line.match(/agile-quant-(\w+)-\d+$/)?.[1]);
  return [...Map.groupBy(sweeps, (sweep) => sweep).values()].map(({ length }) => length);
}

const needsSlurm = { ignore: !await hasSlurm() };

Deno.test(
  "slurm() runs a sweep through the death of a node, of the process that waits and a time limit",
  needsSlurm,
  () =>
    withFolder((folder) =>
      withSlurm({ count: 3, arraySize: 25 }, async (cluster) => {
        const [there, here] = [`${folder}/there`, `${folder}/here`];
        for (const root of [there, here]) await copyProject(root);
        const { variables } = cluster;
        const submit = ["--executor", "slurm", "--submit-options", "--time=1 --partition=test"];
        const first = startSweep(there, sweep, variables, ...submit);
        const stopped = await stopTask(cluster); // it will run into its time limit
        const lost = await runningTask(cluster, stopped.node);
        await cluster.kill(lost.node);
        first.kill("SIGKILL");
        await endOf(first);

        const again = await runSweep(there, sweep, variables, ...submit);
        assertEquals(again.code, 2);
        assertMatch(again.err, /none of them may be in Slurm already \(--resume waits for them/);
        const second = await runSweep(there, sweep, variables, ...submit, "--resume");
        assertEquals(second.code, 0, second.err);

        const alone = await runSweep(here, sweep);
        assertEquals(alone.code, 0, alone.err);
        assertEquals(await cellsIn(there), await cellsIn(here));
        const times = await storedTimes(there);
        assertEquals([...times].filter(([, count]) => count !== 1), []);
        assertEquals(times.size, 60);
        const [whole, ...others] = (await jobsOf(cluster)).toSorted((one, other) => other - one);
        assert(whole > 1, "more tasks than a job may have");
        assertEquals(others, [1], "what the time limit ended was submitted again");
      })
    ),
);

Deno.test(
  "every command of docs/cluster.md that is ours runs as it stands there",
  needsSlurm,
  () =>
    withFolder((folder) =>
      withSlurm({ count: 2, arraySize: 1001 }, async ({ variables }) => {
        const page = await Deno.readTextFile(new URL("../../../docs/cluster.md", import.meta.url));
        const commands = codeBlocksOf("cluster.md", page)
          .filter(({ language }) => language === "sh")
          .flatMap(({ code }) => code.trim().split("\n"));
        assertEquals(commands.length, 5);
        const root = `${folder}/checkout`;
        await copyProject(root);
        await Deno.mkdir(`${folder}/bin`);
        await Deno.symlink(Deno.execPath(), `${folder}/bin/deno`);
        const path = `${folder}/bin:${Deno.env.get("PATH")}`;
        for (const command of commands) {
          const env = { ...variables, NO_COLOR: "1", PATH: path };
          const { success, err } = await shell(`cd '${root}' && ${command}`, env);
          assert(success, `${command}\n${err}`);
        }
        const { size } = await storedTimes(root);
        assertEquals(size, 2, "fp16 and rtn4 were measured in processes, the others in tasks");
      })
    ),
);
