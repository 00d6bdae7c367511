import { decodeJson, InputError } from "../core/mod.ts";

/** A line that a worker process writes: how far its cell is, what to know of it, or at last what became of it. */
export type WorkerEvent = ProgressEvent | WarningEvent | CellOutcome;

/** Something that does not change results, such as that the disk is full. */
export interface WarningEvent {
  event: "warning";
  text: string;
}

/** What a cell reports to its `Progress`. */
export type ProgressEvent =
  | { event: "start"; label: string; total: number }
  | { event: "update"; done: number; note?: string }
  | { event: "finish"; note?: string }
  | { event: "say"; message: string };

/** What became of the cell of this id: measured, refused by its input, or brought down by a defect. */
export type CellOutcome =
  | { event: "result"; id: string; result: unknown }
  | { event: "refusal"; id: string; problems: string[] }
  | { event: "defect"; id: string; name: string; message: string; stack?: string };

/** A refusal or a defect as it was thrown where the cell was measured. */
export type CellFailure = Exclude<CellOutcome, { event: "result" }>;

/** What was thrown instead of a result. */
export function failureOf(failure: CellFailure): Error {
  if (failure.event === "refusal") return new InputError(...failure.problems);
  const { name, message, stack } = failure;
  return Object.assign(new Error(message), { name, stack });
}

/** What is said of something thrown, so that {@linkcode failureOf} makes it anew elsewhere. */
export function failureFrom(id: string, thrown: unknown): CellFailure {
  if (thrown instanceof InputError) return { event: "refusal", id, problems: [...thrown.problems] };
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  return { event: "defect", id, name, message, stack };
}

/** The event of a line, or undefined where it is none about the cell of this id. */
export function readEvent(line: string, id: string): WorkerEvent | undefined {
  let value: unknown;
  try {
    value = decodeJson(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return isProgress(value) || isWarning(value) || isOutcome(value, id) ? value : undefined;
}

function isWarning(value: object): value is WarningEvent {
  const { event, text } = value as Record<string, unknown>;
  return event === "warning" && isText(text);
}

function isProgress(value: object): value is ProgressEvent {
  const { event, label, total, done, message } = value as Record<string, unknown>;
  if (event === "start") return isText(label) && typeof total === "number";
  if (event === "say") return isText(message);
  return event === "update" ? typeof done === "number" : event === "finish";
}

function isOutcome(value: object, of: string): value is CellOutcome {
  const { event, id, problems, name, message } = value as Record<string, unknown>;
  if (id !== of) return false;
  if (event === "refusal") return Array.isArray(problems) && problems.every(isText);
  return event === "defect" ? isText(name) && isText(message) : event === "result";
}

const isText = (value: unknown) => typeof value === "string";
