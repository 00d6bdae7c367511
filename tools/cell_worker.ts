/**
 * Measures the cells that the process which started it asks for: a line of JSON in for each, lines on
 * how it fares out. It ends with its input, at the next step of its work. Its one argument is JSON: how many
 * models it keeps loaded, and the folders of its pool.
 */
import { cellKinds } from "../experiments/cells/cell_kinds.ts";
import { cellRunner } from "../experiments/cells/cell_runner.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import type { KeptFolder } from "../experiments/measure/subject.ts";
import { decodeJson, encodeJson, readLines } from "../lib/core/mod.ts";
import { cellServer, type WarningEvent } from "../lib/sweep/mod.ts";
import type { WorkerOptions } from "./worker_process.ts";

// What is written to standard output is an answer: whatever prints does so on standard error.
const { error } = console;
for (const name in console) Object.assign(console, { [name]: error });
Deno.addSignalListener("SIGINT", () => {}); // Ctrl-C is for the process that asks

const { keep, folders } = decodeJson(Deno.args[0]) as Pick<WorkerOptions, "keep" | "folders">;
const { scratch, weights, scores } = folders ?? {};
const onUnkept = (text: string) =>
  say(encodeJson({ event: "warning", text } satisfies WarningEvent));
const heard = (kept?: KeptFolder) => kept && { ...kept, onUnkept };
const pool = new SubjectPool(keep, [], {
  ...{ scratch, weights: heard(weights), scores: heard(scores) },
});
const measure = cellServer(cellRunner(cellKinds, pool), say);
for await (const line of readLines(Deno.stdin.readable)) void measure(line);
Deno.exit();

/** Writes a line before anything else happens, so that progress is heard of while work goes on. */
function say(line: string): void {
  let left = new TextEncoder().encode(`${line}\n`);
  while (left.length > 0) left = left.subarray(Deno.stdout.writeSync(left));
}
