import type { Progress } from "../lib/core/mod.ts";
import { notebookProgress } from "../lib/display/mod.ts";

/** What long work in a notebook's cell reports to: a live bar in the output of that cell. */
export function cellHooks(): { progress: Progress } {
  return { progress: notebookProgress(Deno.jupyter.broadcast) };
}
