import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../../lib/core/mod.ts";
import type { AskedCell } from "../../../lib/sweep/mod.ts";
import { jobBatch, planSweep } from "../../../tools/batch/job_batch.ts";
import type { Job, JobQueue } from "../../../tools/batch/job_queue.ts";

/** A queue whose jobs have one task each, the second of which it refuses. */
function shyQueue(jobs: Job[]): JobQueue {
  return {
    name: "Shy",
    script: () => "",
    submissions: ({ nameOf, tasks }) =>
      Promise.resolve(Array.from({ length: tasks }, (_, first) => ({
        ...{ name: nameOf(first), first, count: 1 },
        command: ["sh", "-c", first === 0 ? "echo 7" : "echo busy >&2; exit 1"],
      }))),
    jobOf: (answer) => answer,
    cancel: () => ["true"],
    jobs: () => Promise.resolve(jobs),
    states: () => Promise.resolve(new Map()),
  };
}

/** Cells of a sweep that nobody else has, a task each. */
function freshCells(ids: string): AskedCell[][] {
  return [...ids].map((id) => [
    { id, title: id, key: crypto.randomUUID(), experiment: "test", model: null, config: {} },
  ]);
}

Deno.test("jobBatch() finds the jobs of earlier processes by their names, and what their own tasks noted", async () => {
  const cells = freshCells("ab");
  const { sweep } = await planSweep(shyQueue([]), "deno", cells, {
    fingerprint: "v1",
    sources: "s1",
  });
  const [[first], [second]] = cells;
  try {
    const said: string[][] = [];
    const one = jobBatch(shyQueue([]), "deno", "s1", (jobs) => said.push([...jobs]));
    await assertRejects(
      () => one.submit(cells, "v1"),
      InputError,
      "Cannot submit cells to Shy: sh -c 'echo busy >&2; exit 1' must succeed as others have, " +
        'whose tasks --resume waits for, got "busy"',
    );
    assertEquals([said, (await sweep.plan())?.sources], [[["7"]], "s1"]);

    const known = [{ id: "7", name: sweep.jobName(1) }, { id: "8", name: "bash" }];
    const other = jobBatch(shyQueue(known), "deno", "s2");
    const tasks = await other.earlier();
    assertEquals(tasks.map(({ id, keys }) => [id, ...keys]), [["7_0", second.key]]);
    for (const { id, key } of [first, second]) {
      await sweep.noteFailure(key, { event: "refusal", id, problems: ["too short"] });
    }
    assertEquals([...(await other.failures(tasks)).keys()], [second.key]);
  } finally {
    await Deno.remove(sweep.path, { recursive: true });
  }
});
