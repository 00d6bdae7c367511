import { decodeJson, require } from "../../lib/core/mod.ts";
import type { TaskState } from "../../lib/sweep/mod.ts";
import { type CommandLine, type JobQueue, requireFree } from "./job_queue.ts";
import { runCommand, typed } from "./run_command.ts";

/** HyperQueue's words for tasks, and what they mean. */
const phases: Record<string, TaskState["phase"]> = {
  waiting: "waiting",
  running: "running",
  finished: "completed",
  failed: "failed",
  canceled: "cancelled",
  aborted: "failed",
};

/**
 * HyperQueue, by task arrays: a run whose worker dies is started anew by HyperQueue itself.
 *
 * @param options Go to `hq submit` as they are: `--cpus=4`.
 * @throws {InputError} If they have one that this gives itself.
 */
export function hyperqueue(options: readonly string[]): JobQueue {
  requireFree(options, { array: "", cwd: "", name: "", stderr: "", stdout: "", wait: "" });
  return {
    name: "HyperQueue",

    script: (_, command) =>
      `#!/bin/sh
exec 2>&1
cores=$(echo "$HQ_CPUS" | tr , '\\n' | wc -l)
export AGILE_QUANT_THREADS="$cores" OMP_NUM_THREADS="$cores"
exec ${typed(command)} "$((HQ_TASK_ID + $1))"
`,

    submissions({ nameOf, script, logs, tasks }) {
      const name = nameOf(0);
      const command: CommandLine = [
        ...["hq", "--output-mode=quiet", "submit", `--name=${name}`, `--array=0-${tasks - 1}`],
        ...[`--stdout=${logs}/%{JOB_ID}_%{TASK_ID}.log`, "--stderr=none", ...options],
        ...["--", "sh", script, "0"],
      ] as CommandLine;
      return Promise.resolve([{ name, first: 0, count: tasks, command }]);
    },

    jobOf: (answer) => answer.match(/^\d+$/m)?.[0],

    cancel: (jobs) => ["hq", "job", "cancel", jobs.join(",")],

    async jobs() {
      const listed = await ask<{ id: number; name: string }[]>("job", "list", "--all");
      return listed.map(({ id, name }) => ({ id: `${id}`, name }));
    },

    async states(jobs) {
      // A server that was started anew counts its jobs from 1 again.
      const known = (await this.jobs()).filter(({ id, name }) =>
        jobs.some((job) => job.id === id && job.name === name)
      );
      if (known.length === 0) return new Map();
      const ids = known.map(({ id }) => id).join(",");
      return statesOf(await ask<TaskList>("task", "list", ids));
    },
  };
}

/** The answer of `hq task list`: `{"12":[{"id":0,"state":"running"}]}`. */
type TaskList = Record<string, { id: number; state: string }[]>;

/** What hq answers to a command, in JSON. */
async function ask<Answer>(...command: string[]): Promise<Answer> {
  const action = "look at tasks in HyperQueue";
  const { success, out, err } = await runCommand(action, ["hq", "--output-mode=json", ...command]);
  require(success, action, "hq must answer", err || out);
  return decodeJson(out) as Answer;
}

function statesOf(tasks: TaskList): Map<string, TaskState> {
  return new Map(
    Object.entries(tasks).flatMap(([job, own]) =>
      own.map(({ id, state: word }) =>
        [`${job}_${id}`, { phase: phases[word] ?? "running", word }] as const
      )
    ),
  );
}
