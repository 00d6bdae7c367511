import { counted, type Progress, stepsOf } from "../core/mod.ts";

/** Progress of cells that are measured one after the other or several at a time. */
export interface CellProgress {
  /** What a cell in a lane reports to. */
  of(label: string, lane: number): Progress;
  /** A cell in a lane has ended. */
  end(lane: number): void;
  /** All cells have ended. */
  finish(): void;
}

/** The work of each cell as work of its own, named after the cell. */
export function oneLane(progress: Progress): CellProgress {
  return {
    of: (label) => ({
      start: (step, total) => progress.start(`${label}: ${step}`, total),
      update: (done, note) => progress.update(done, note),
      finish: (note) => progress.finish(note),
      say: (message) => progress.say(`${label}: ${message}`),
    }),
    end() {},
    finish() {},
  };
}

/**
 * All lanes as one piece of work whose steps are the cells; how far each lane is stands in its note.
 *
 * @param total How many cells there are to measure.
 */
export function severalLanes(progress: Progress, lanes: number, total: number): CellProgress {
  const states = new Map<number, string>();
  let ended = 0;
  const show = () => {
    const inOrder = [...states].sort(([one], [other]) => one - other);
    progress.update(ended, inOrder.map(([, state]) => state).join("; "));
  };
  progress.start(counted(lanes, "process", "processes"), total);
  return {
    of(label, lane) {
      let work = { step: "", total: 0 };
      const tell = (how: string) => {
        states.set(lane, `${label}: ${how}`);
        show();
      };
      return {
        start(step, total) {
          work = { step, total };
          tell(step);
        },
        update: (done) => tell(`${work.step} ${stepsOf(done, work.total)}`),
        finish: (note) => tell([work.step, note].filter(Boolean).join(", ")),
        say: (message) => progress.say(`${label}: ${message}`),
      };
    },
    end(lane) {
      ended++;
      states.delete(lane);
      show();
    },
    finish: () => progress.finish(),
  };
}
