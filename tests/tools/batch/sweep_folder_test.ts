import { assertEquals } from "@std/assert";
import { SweepFolder } from "../../../tools/batch/sweep_folder.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const cell = { id: "opt/fp16", experiment: "evaluate", model: { folder: "opt" }, config: {} };
const plan = { fingerprint: "f", sources: "s", tasks: [[], [{ key: "k", cell }]] };
const jobs = { queue: "Slurm", jobs: [{ id: "1", name: "n", first: 0, count: 2 }] };
const refusal = { event: "refusal", id: "opt/fp16", problems: ["Cannot measure"] };

/** What a sweep holds whose files have these contents. */
function readSweep(files: Record<string, unknown>) {
  let found: unknown[] = [];
  return withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/failures`);
    for (const [name, content] of Object.entries(files)) {
      await Deno.writeTextFile(`${folder}/${name}`, JSON.stringify(content));
    }
    const sweep = new SweepFolder(folder);
    found = [await sweep.plan(), await sweep.submitted(), [...await sweep.failures()]];
  }).then(() => found);
}

Deno.test("SweepFolder reads its plan, its jobs and what became of cells", async () => {
  const files = { "plan.json": plan, "jobs.json": jobs, "failures/k.json": refusal };
  assertEquals(await readSweep(files), [plan, jobs, [["k", refusal]]]);
  assertEquals(await readSweep({}), [undefined, undefined, []]);
});

for (
  const [file, content] of [
    ["plan.json", {}],
    ["plan.json", { ...plan, tasks: [null] }],
    ["plan.json", { ...plan, tasks: [[{ key: "k", cell: { ...cell, label: 7 } }]] }],
    ["jobs.json", { queue: "Slurm" }],
    ["jobs.json", { ...jobs, jobs: [{ ...jobs.jobs[0], count: -1 }] }],
    ["failures/k.json", { ...refusal, problems: "Cannot measure" }],
    ["failures/k.json", { event: "defect", id: "opt/fp16" }],
    ["failures/k.json", { event: "result", id: "opt/fp16", result: 1 }],
  ] as const
) {
  Deno.test(`SweepFolder holds ${file} for none that has ${JSON.stringify(content)}`, async () => {
    assertEquals(await readSweep({ [file]: content }), [undefined, undefined, []]);
  });
}
