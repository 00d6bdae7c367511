import type { FigureExperiment, FigureOptions } from "../experiments/figures/figure.ts";
import type { UnloadedSubject } from "../experiments/measure/subject.ts";
import { InputError } from "../lib/core/mod.ts";
import type { Figure } from "../lib/report/mod.ts";
import { refusalsOf } from "./measure_sources.ts";

/** A figure of the models that it could be drawn for. */
export interface DrawnFigure {
  figure: Figure;
  subjects: readonly UnloadedSubject[];
  /** Why it could not be drawn for the others. */
  refusals: string[];
}

/**
 * Draws a figure of all models or, where some are refused, of those that are not.
 *
 * @throws {InputError} If all are refused.
 * @throws The signal's reason once it is aborted.
 */
export async function drawAll(
  experiment: FigureExperiment,
  subjects: readonly UnloadedSubject[],
  options: FigureOptions,
): Promise<DrawnFigure> {
  try {
    return { figure: await experiment.run(subjects, options), subjects, refusals: [] };
  } catch (error) {
    if (!(error instanceof InputError) || subjects.length < 2) throw error;
  }
  // What was measured a moment ago comes from the store.
  const again = { ...options, fresh: false };
  const alone = await Array.fromAsync(subjects, async (subject) => ({
    subject,
    reasons: await refusalsOf(async () => void await experiment.run([subject], again)),
  }));
  const usable = alone.filter(({ reasons }) => reasons.length === 0).map(({ subject }) => subject);
  const reasons = alone.flatMap(({ reasons }) => reasons);
  if (usable.length === 0) throw new InputError(...reasons);
  const figure = await experiment.run(usable, again);
  return { figure, subjects: usable, refusals: reasons };
}
