import { isObject } from "../../lib/io/mod.ts";
import { isText } from "./result_record.ts";

/** Which code and machine measured a result, and when. */
export interface Provenance {
  /** The commit, with `+changes` where the working tree differs from it; null outside git. */
  commit: string | null;
  /** The day, UTC: `2026-11-29`. */
  date: string;
  deno: string;
  machine: string;
  /** What measuring took, by cells. */
  seconds?: Record<string, number>;
}

/** Whether a value from a file says where a result comes from; records of former versions have no day. */
export function isProvenance(value: unknown): value is Provenance {
  if (!isObject(value)) return false;
  const { commit, deno, machine, seconds = {} } = value;
  return (commit === null || isText(commit)) && isText(deno) && isText(machine) &&
    isObject(seconds) && Object.values(seconds).every((each) => typeof each === "number");
}

/** What measuring took, where that is known. */
export function secondsOf({ seconds = {} }: Provenance): number | undefined {
  const taken = Object.values(seconds);
  return taken.length > 0 ? taken.reduce((sum, each) => sum + each) : undefined;
}
