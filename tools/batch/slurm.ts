import { require } from "../../lib/core/mod.ts";
import type { TaskState } from "../../lib/sweep/mod.ts";
import { type CommandLine, type JobQueue, requireFree } from "./job_queue.ts";
import { runCommand, typed } from "./run_command.ts";

/** What Slurm's MaxArraySize is by default: how many tasks a job has at most. */
const usualArraySize = 1001;

/** Slurm's words for tasks that have ended otherwise than by themselves or by scancel; all others still live. */
const failed = [
  ...["BOOT_FAIL", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED"],
  "TIMEOUT",
];

/** Options of sbatch, with their letters, that say which cells a task measures and where its files lie. */
const own = { array: "a", chdir: "D", "job-name": "J", output: "o", wait: "W", wrap: "" };

const action = "look at tasks in Slurm";

/**
 * Slurm, by job arrays: a run whose machine dies is queued anew by Slurm itself.
 *
 * @param options Go to sbatch as they are: `--partition=...`.
 * @throws {InputError} If they have one that this gives itself.
 */
export function slurm(options: readonly string[]): JobQueue {
  requireFree(options, own);
  return {
    name: "Slurm",

    script: ({ logs }, command) =>
      `#!/bin/sh
#SBATCH --output=${logs}/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
export AGILE_QUANT_THREADS="$SLURM_CPUS_ON_NODE" OMP_NUM_THREADS="$SLURM_CPUS_ON_NODE"
exec ${typed(command)} "$((SLURM_ARRAY_TASK_ID + $1))"
`,

    async submissions({ nameOf, script, tasks }) {
      const size = await arraySize();
      const firsts = Array.from({ length: Math.ceil(tasks / size) }, (_, index) => index * size);
      return firsts.map((first) => {
        const name = nameOf(first);
        const count = Math.min(size, tasks - first);
        const mine = ["--parsable", `--job-name=${name}`, `--array=0-${count - 1}`];
        const command: CommandLine = ["sbatch", ...mine, ...options, script, `${first}`];
        return { name, first, count, command };
      });
    },

    jobOf: (answer) => answer.match(/^(\d+)(;|$)/m)?.[1],

    cancel: (jobs) => ["scancel", ...jobs],

    async jobs() {
      const known = ["--me", "--noheader", "--states=all", "--format=%F|%j"];
      const { success, out, err } = await runCommand(action, ["squeue", ...known]);
      require(success, action, "squeue must answer", err);
      return [...new Set(out.split("\n"))].flatMap((line) => {
        const [id, name] = line.split("|");
        return name ? [{ id, name }] : [];
      });
    },

    async states(jobs) {
      const known = ["--noheader", "--array", "--states=all", "--format=%i|%T|%r"];
      const ids = jobs.map(({ id }) => id).join(",");
      const command: CommandLine = ["squeue", ...known, `--jobs=${ids}`];
      const { success, out, err } = await runCommand(action, command);
      // Jobs that have ended long ago are no error unless all have.
      if (!success && /invalid job id/i.test(err)) return new Map();
      require(success, action, "squeue must answer", err);
      return new Map(
        out.split("\n").flatMap((line) => {
          const [id, word, reason] = line.split("|");
          return word ? [[id, stateOf(word, reason)]] : [];
        }),
      );
    },
  };
}

/** How many tasks a job has at most. */
async function arraySize(): Promise<number> {
  const { out } = await runCommand("submit cells to Slurm", ["scontrol", "show", "config"]);
  return Number(out.match(/^MaxArraySize\s*=\s*(\d+)/m)?.[1] ?? usualArraySize);
}

/**
 * How a task fares by Slurm's word for it, with the reason why it waits: some, such as `JobHeldUser`, are for
 * somebody to act on.
 */
export function stateOf(word: string, reason = "None"): TaskState {
  if (word === "COMPLETED") return { phase: "completed", word };
  if (word === "CANCELLED") return { phase: "cancelled", word };
  if (failed.includes(word)) return { phase: "failed", word };
  if (word !== "PENDING") return { phase: "running", word };
  return { phase: "waiting", word: reason === "None" ? word : `${word} (${reason})` };
}
