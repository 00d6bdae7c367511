import { require } from "../../lib/core/mod.ts";
import type { TaskState } from "../../lib/sweep/mod.ts";
import type { CommandLine, JobQueue } from "./job_queue.ts";
import { runCommand, typed } from "./run_command.ts";

/** What Slurm's MaxArraySize is by default: how many tasks a job has at most. */
const usualArraySize = 1001;

/** Slurm's words for tasks that have ended otherwise than by themselves; all others still live. */
const failed = [
  ...["BOOT_FAIL", "CANCELLED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"],
  ...["REVOKED", "TIMEOUT"],
];

/**
 * Slurm, by job arrays: a run whose machine dies is queued anew by Slurm itself.
 *
 * @param options Go to sbatch as they are: `--partition=...`.
 */
export function slurm(options: readonly string[]): JobQueue {
  return {
    name: "Slurm",

    script: ({ name, logs }, command) =>
      `#!/bin/sh
#SBATCH --job-name=${name}
#SBATCH --output=${logs}/%A_%a.log
#SBATCH --open-mode=append
#SBATCH --requeue
export AGILE_QUANT_THREADS="$SLURM_CPUS_ON_NODE" OMP_NUM_THREADS="$SLURM_CPUS_ON_NODE"
exec ${typed(command)} "$((SLURM_ARRAY_TASK_ID + $1))"
`,

    async submissions({ name, script, tasks }) {
      const size = await arraySize();
      const firsts = Array.from({ length: Math.ceil(tasks / size) }, (_, index) => index * size);
      return firsts.map((first) => {
        const count = Math.min(size, tasks - first);
        const array = ["--parsable", `--array=0-${count - 1}`];
        const command: CommandLine = ["sbatch", ...array, ...options, script, `${first}`];
        return { name, first, count, command };
      });
    },

    jobOf: (answer) => answer.match(/^(\d+)(;|$)/m)?.[1],

    cancel: (jobs) => ["scancel", ...jobs],

    async states(jobs) {
      const known = ["--noheader", "--array", "--states=all", "--format=%i|%T|%j"];
      const action = "look at tasks in Slurm";
      const command: CommandLine = [
        "squeue",
        ...known,
        `--jobs=${jobs.map(({ id }) => id).join(",")}`,
      ];
      const { success, out, err } = await runCommand(action, command);
      // Jobs that have ended long ago are no error unless all have.
      if (!success && /invalid job id/i.test(err)) return new Map();
      require(success, action, "squeue must answer", err);
      return new Map(
        out.split("\n").flatMap((line) => {
          const [id, word] = line.split("|");
          return word ? [[id, stateOf(word)]] : [];
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

function stateOf(word: string): TaskState {
  if (word === "COMPLETED") return { phase: "completed", word };
  if (failed.includes(word)) return { phase: "failed", word };
  return { phase: word === "PENDING" ? "waiting" : "running", word };
}
