import { counted, InputError, require } from "../../lib/core/mod.ts";
import type { Drawing, Figure } from "../../lib/report/mod.ts";
import { forgetful, runCells, type RunOptions } from "../../lib/sweep/mod.ts";
import { cellOf, type CellSettings, withExecutor } from "../cells/cell_runner.ts";
import type { CellKind } from "../measure/cell_kind.ts";
import type { BundledFamily } from "../measure/bundled.ts";
import type { UnloadedSubject } from "../measure/subject.ts";
import { baselineNotes } from "../result/baseline.ts";
import type { PerplexityTable } from "../tables/family_tables.ts";
import type { EarlierRecords } from "../tables/keep_rows.ts";
import { describeSubject, withLabels } from "../tables/describe_subject.ts";

/**
 * Where cells are measured and kept, who watches and who may stop; by default in this process, nowhere
 * and nobody.
 */
export interface FigureOptions extends Partial<RunOptions> {
  /** Of tables whose rows a figure shows: of models that are in them it measures none. */
  earlier?: EarlierRecords;
  /** Of models that are in none of these tables: the rows that are measured, all unless given. */
  rows?: readonly string[];
}

/** A figure of the paper, or one of ours, as an experiment. */
export interface FigureExperiment {
  /** As its files are called: `figure1`. */
  name: string;
  /**
   * The modules of experiments/measure that measure it, besides the one that opens its subjects;
   * none where it needs no model.
   */
  measuredBy: readonly string[];
  /** The suite of `deno task bench` that measured it, where it needs no model. */
  bench?: string;
  title: string;
  /** Tables whose rows it shows. */
  tables?: readonly PerplexityTable[];
  /** The families of the bundled models it is drawn for; none where it needs no model. */
  families: readonly BundledFamily[];
  /**
   * Measures and draws.
   *
   * @throws {InputError} If there are fewer subjects than it needs, or a cell refused its input.
   * @throws The signal's reason once it is aborted.
   */
  run(subjects: readonly UnloadedSubject[], options?: FigureOptions): Promise<Figure>;
}

/**
 * A figure from what was measured and how it is drawn. Of models whose weights are stored in few bits it
 * says what full precision is.
 *
 * @param settings Of the measurement, besides the models and their texts.
 */
export function figureOf(
  { name, title }: Pick<FigureExperiment, "name" | "title">,
  subjects: readonly UnloadedSubject[],
  settings: object,
  data: unknown,
  drawing: Drawing,
): Figure {
  const configuration = { models: subjects.map(({ facts }) => facts), ...settings };
  const notes = subjects.flatMap((subject) => [
    ...subject.ref.test ? [describeSubject(withLabels(subject))] : [],
    ...baselineNotes(subject.model.name, subject.storage),
  ]);
  const details = [...drawing.details, ...notes.map((note) => `${note}.`)];
  return { name, title, configuration, data, ...drawing, details };
}

/**
 * Refuses a subject whose windows are too short for a figure.
 *
 * @param least Tokens that a window must have.
 * @param why What the figure does with them: `to tell the nearest 16 from others`.
 */
export function requireWindow(
  { title, facts: { window } }: UnloadedSubject,
  least: number,
  why: string,
): void {
  const rule = `--window must be at least ${counted(least, "token")}, ${why}`;
  require(window >= least, `draw ${title}`, rule, window);
}

/** What was measured on one model. */
export interface MeasuredSubject<Result> {
  subject: UnloadedSubject;
  /** In the order of the cells. */
  results: Result[];
}

/**
 * Measures the cells of every subject; those measured before come from the store.
 *
 * @param kind What measures them.
 * @param cellsOf The cells of a subject; ids must differ between subjects.
 * @throws {InputError} Naming every cell that refused its input, once all have had their turn.
 */
export async function measureSubjects<Config, Result>(
  subjects: readonly UnloadedSubject[],
  kind: CellKind<Config, Result>,
  cellsOf: (subject: UnloadedSubject) => CellSettings<Config>[],
  options: FigureOptions = {},
): Promise<MeasuredSubject<Result>[]> {
  const cells = subjects.map((subject) => ({
    subject,
    own: cellsOf(subject).map((settings) => cellOf(kind, subject, settings)),
  }));
  const { results, refusals } = await withExecutor(
    options.executor,
    kind,
    subjects,
    (executor) =>
      runCells<Result>(
        cells.flatMap(({ own }) => own),
        { store: forgetful, fingerprint: "", ...options, executor },
      ),
  );
  if (refusals.size > 0) {
    throw new InputError(...[...refusals].map(([id, reason]) => `${id}: ${reason}`));
  }
  return cells.map(({ subject, own }) => (
    { subject, results: own.map(({ id }) => results.get(id)!) }
  ));
}
