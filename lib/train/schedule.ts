/** A learning rate that rises linearly, then falls along half a cosine. */
export interface Schedule {
  peak: number;
  /** Where the cosine ends. */
  floor: number;
  warmupSteps: number;
  steps: number;
}

/** The learning rate of a step, counted from 1. */
export function learningRate(schedule: Schedule, step: number): number {
  const { peak, floor, warmupSteps, steps } = schedule;
  if (step <= warmupSteps) return peak * step / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
  return floor + (peak - floor) * (1 + Math.cos(Math.PI * progress)) / 2;
}
