import { assertEquals, assertNotEquals } from "@std/assert";
import { SweepFolder } from "../../../tools/batch/sweep_folder.ts";
import { withFolder } from "../../io/temporary_folder.ts";

const cell = { id: "opt/fp16", experiment: "evaluate", model: { folder: "opt" }, config: {} };
const plan = { fingerprint: "f", sources: "s", tasks: [[], [{ key: "k", cell }]] };
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
    found = [await sweep.plan(), [...await sweep.failures()]];
  }).then(() => found);
}

Deno.test("SweepFolder reads its plan and what became of cells", async () => {
  const files = { "plan.json": plan, "failures/k.json": refusal };
  assertEquals(await readSweep(files), [plan, [["k", refusal]]]);
  assertEquals(await readSweep({}), [undefined, []]);
});

for (
  const [file, content] of [
    ["plan.json", {}],
    ["plan.json", { ...plan, tasks: [null] }],
    ["plan.json", { ...plan, tasks: [[{ key: "k", cell: { ...cell, label: 7 } }]] }],
    ["failures/k.json", { ...refusal, problems: "Cannot measure" }],
    ["failures/k.json", { event: "defect", id: "opt/fp16" }],
    ["failures/k.json", { event: "result", id: "opt/fp16", result: 1 }],
  ] as const
) {
  Deno.test(`SweepFolder holds ${file} for none that has ${JSON.stringify(content)}`, async () => {
    assertEquals(await readSweep({ [file]: content }), [undefined, []]);
  });
}

Deno.test("SweepFolder.of() gives each plan a folder of its own, and SweepFolder.ofJob() finds it", async () => {
  const sweep = await SweepFolder.of(plan);
  assertEquals(await SweepFolder.of(structuredClone(plan)), sweep);
  for (const other of [{ fingerprint: "v2" }, { sources: "s2" }, { tasks: plan.tasks.slice(1) }]) {
    assertNotEquals(await SweepFolder.of({ ...plan, ...other }), sweep);
  }
  const name = sweep.jobName(25);
  assertEquals(SweepFolder.ofJob(name), { sweep, first: 25 });
  for (const other of ["bash", `${name}x`, `x${name}`, "agile-quant-../../../etc-0"]) {
    assertEquals(SweepFolder.ofJob(other), undefined);
  }
});
