import type { CellHooks } from "../../lib/sweep/mod.ts";
import type { OpenSubject } from "./subject.ts";

/** What measures the cells of an experiment. */
export interface CellKind<Config = unknown, Result = unknown> {
  /** By which the data of a cell names it. */
  experiment: string;
  /**
   * Measures a cell on its model, which is that of a figure where settings are chosen on it.
   *
   * @throws {InputError} If the model or the config does not allow it.
   */
  measure(subject: OpenSubject, config: Config, hooks: CellHooks): Promise<Result>;
}
