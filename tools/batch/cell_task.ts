/**
 * Measures the cells of one task of a sweep, one after the other, on whichever machine a batch system starts
 * it, and stores each as it ends; those that are stored are not measured again. Its arguments are the folder of
 * the sweep and the number of the task.
 */
import { cellKinds } from "../../experiments/cells/cell_kinds.ts";
import { cellRunner } from "../../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { InputError, require } from "../../lib/core/mod.ts";
import { failureFrom, here, runCells } from "../../lib/sweep/mod.ts";
import { cellFolder, fileCellStore } from "../cell_store.ts";
import { fingerprintOf } from "../fingerprint.ts";
import { lineProgress } from "../progress.ts";
import { keptFolders } from "../kept_folders.ts";
import { SweepFolder } from "./sweep_folder.ts";

const [folder, number] = Deno.args;
const sweep = new SweepFolder(folder);
const plan = await sweep.plan();
if (!plan) {
  console.error(`Cannot measure cells of ${folder}: plan.json must be there and whole`);
  Deno.exit(1);
}
const { tasks, fingerprint, sources } = plan;
const pool = new SubjectPool(1, [], { scratch: cellFolder, ...await keptFolders() });
const executor = here(cellRunner(cellKinds, pool));
const store = fileCellStore(cellFolder);
const isSame = await fingerprintOf(["tools/batch/cell_task.ts"]) === sources;

for (const { key, cell } of tasks[Number(number)]) {
  const say = (line: string) => {
    const time = new Date().toISOString();
    try {
      console.log(`${time} ${line}`);
      Deno.writeTextFileSync(sweep.logOf(cell), `${time} ${line}\n`, { append: true });
    } catch {
      // No measurement ends because its log cannot be written, on a full disk perhaps.
    }
  };
  const { id, label = id } = cell;
  try {
    require(isSame, `measure ${label}`, "the sources must be as they were when it was submitted");
    const progress = lineProgress(say);
    const outcome = await runCells([cell], { executor, store, fingerprint, progress });
    const refusal = outcome.refusals.get(id) ?? outcome.unstored.get(id);
    if (refusal) await sweep.noteFailure(key, { event: "refusal", id, problems: [refusal] });
    say(`${label}: ${refusal ?? (outcome.reused.length > 0 ? "stored before" : "stored")}`);
  } catch (error) {
    await sweep.noteFailure(key, failureFrom(id, error));
    if (!(error instanceof InputError)) throw error;
    say(`${label}: ${error.message}`);
  }
}
Deno.exit();
