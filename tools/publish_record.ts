import type { BenchRecord } from "../experiments/result/bench_record.ts";
import { counted, encodeJson } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Table, toMarkdown } from "../lib/report/mod.ts";

/**
 * Writes what a suite measured to `folder`, if there is one: the record as JSON, and its tables as
 * Markdown.
 *
 * @param remarks What else is to be noted.
 * @returns The tables as they were written: the last one says where and of whom the figures are.
 * @throws {InputError} If the folder cannot be written to.
 */
export async function publishRecord(
  record: BenchRecord,
  tables: Table[],
  folder?: string,
  remarks: readonly string[] = [],
): Promise<Table[]> {
  const notes = [...remarks, ...notesOn(record)];
  const noted = tables.map((table, index) =>
    index < tables.length - 1 ? table : { ...table, notes: [...table.notes ?? [], ...notes] }
  );
  if (folder) {
    await writeAtomically(`${folder}/${record.suite}.json`, encodeRecord(record));
    await writeAtomically(`${folder}/${record.suite}.md`, noted.map(toMarkdown).join("\n"));
  }
  return noted;
}

/** Where and of whom the figures are. */
function notesOn(record: BenchRecord): string[] {
  const { machine, versions, contenders, measurements, missing } = record;
  const runs = Math.min(...measurements.map((each) => each.runs));
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(0);
  return [
    `medians of ${counted(runs, "run")} in turns` +
    `${record.quick ? ", a quick look" : ""}${record.complete ? "" : ", interrupted"}; ` +
    `${record.started.slice(0, 16)}Z, ${record.seconds.toFixed(0)} s, commit ${record.commit}`,
    `${machine.processor}, ${counted(machine.cores, "core")} (${machine.extensions.join(", ")}), ` +
    `${memory} GiB, ${machine.system}`,
    ...busyNote(record),
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
    Object.entries(contenders).map(([name, { library }]) => `${name}: ${library}`).join("; "),
    ...missing.map(({ contender, reason }) => `missing: ${contender}: ${reason}`),
  ];
}

/** Others' part of the processors that makes ratios doubtful: threads of one product wait for each other. */
const leastBusy = 0.1;

function busyNote({ busy }: BenchRecord): string[] {
  if (busy === undefined || busy < leastBusy) return [];
  const share = (100 * busy).toFixed(0);
  return [
    `the machine was busy: others took ${share} % of its processors before this began, so that ` +
    "neither times nor ratios can be relied on",
  ];
}

/** The record as JSON, one measurement per line. */
function encodeRecord({ measurements, ...facts }: BenchRecord): string {
  const lines = measurements.map((each) => encodeJson(each)).join(",\n    ");
  const head = encodeJson(facts, 2).replace(/\n}$/, "");
  return `${head},\n  "measurements": [\n    ${lines}\n  ]\n}\n`;
}
