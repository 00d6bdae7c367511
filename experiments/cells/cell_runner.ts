import { canonicalJson, refuse, require } from "../../lib/core/mod.ts";
import { type CellRunner, type CellSpec, type Executor, here } from "../../lib/sweep/mod.ts";
import type { CellKind } from "../measure/cell_kind.ts";
import type { ModelRef, SubjectFacts, UnloadedSubject } from "../measure/subject.ts";
import { SubjectPool } from "./subject_pool.ts";

/** What tells a cell of one kind from the others of its model. */
export type CellSettings<Config> = Pick<CellSpec<Config>, "id" | "label" | "config" | "shares">;

/** A cell as plain data. */
export function cellOf<Config>(
  { experiment }: CellKind<Config>,
  { ref }: UnloadedSubject,
  settings: CellSettings<Config>,
): CellSpec<Config> {
  return { ...settings, experiment, model: ref };
}

/** Measures cells of these kinds on subjects of a pool. */
export function cellRunner(kinds: readonly CellKind[], subjects: SubjectPool): CellRunner {
  return async ({ id, experiment, model, config }, hooks) => {
    const rule = `its experiment must be ${kinds.map((kind) => kind.experiment).join(", ")}`;
    const kind = kinds.find((each) => each.experiment === experiment) ??
      refuse(`measure ${id}`, rule, experiment);
    const subject = await subjects.load(model as ModelRef, hooks.signal);
    requireSame(id, subject.facts, config as Partial<SubjectFacts>);
    return await kind.measure(subject, config, hooks);
  };
}

/**
 * Runs `work` with the executor it is given or, without one, with one that measures in this process, on
 * these subjects.
 */
export async function withExecutor<Result>(
  executor: Executor | undefined,
  kind: CellKind,
  subjects: readonly UnloadedSubject[],
  work: (executor: Executor) => Promise<Result>,
): Promise<Result> {
  if (executor) return await work(executor);
  const pool = new SubjectPool(Infinity, subjects);
  return await work(here(cellRunner([kind], pool)));
}

/** What of a subject must be as it was when a cell was planned, perhaps in another process. */
const identity = [
  ...["weights", "settings", "calibrationText", "testText", "validationText"],
  ...["matrixProduct", "instructions"],
] as (keyof SubjectFacts)[];

/** Whether a cell has nothing to do with a text: with the one that tests, or that settings are chosen on. */
function isUnread(name: keyof SubjectFacts, planned: Partial<SubjectFacts>): boolean {
  return (name === "testText" || name === "validationText") && !(name in planned);
}

function requireSame(id: string, facts: SubjectFacts, planned: Partial<SubjectFacts>): void {
  for (const name of identity) {
    if (isUnread(name, planned)) continue;
    const [wanted, found] = [planned[name], facts[name]].map((fact) => canonicalJson({ fact }));
    require(
      wanted === found,
      `measure ${id}`,
      `${name} must be as it was planned, ${wanted}`,
      found,
    );
  }
}
