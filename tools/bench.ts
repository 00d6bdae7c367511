/** `deno task bench`: timings beside other engines, as records that the experiments read. */
import { Argument } from "commander";
import { Bench } from "../bench/harness/suite.ts";
import { describeMachine } from "../bench/harness/machine.ts";
import { leastRuns } from "../bench/harness/turns.ts";
import { type SuiteName, suites } from "../bench/suites.ts";
import type { BenchRecord } from "../experiments/bench_record.ts";
import { encodeJson } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Table, toMarkdown, toText } from "../lib/report/mod.ts";
import { integerOption, main, type Session } from "./command_line.ts";
import { provenance } from "./provenance.ts";

interface Options {
  quick?: boolean;
  runs: number;
  out: string;
}

const names = Object.keys(suites) as SuiteName[];
const descriptions = names.map((name) => `${name}: ${suites[name].description}`).join("\n");

await main((program, session) =>
  program.name("bench")
    .description(`Measures speed and memory beside other engines.\n\n${descriptions}`)
    .addArgument(new Argument("[suites...]", "all by default").choices(names))
    .option("--quick", "a few small jobs: for a look, not for the record")
    .option(
      "--runs <count>",
      "runs that each median is taken of",
      integerOption("--runs", leastRuns),
      leastRuns,
    )
    .option("--out <folder>", "where to write the records", "results/bench")
    .action(async (chosen: SuiteName[], options: Options) => {
      for (const name of chosen.length > 0 ? chosen : names) await runOne(name, options, session);
    })
);

/** Runs a suite; what was measured is printed and written, be it interrupted or not. */
async function runOne(name: SuiteName, options: Options, session: Session): Promise<void> {
  const { quick = false, runs, out } = options;
  const suite = suites[name];
  const bench = new Bench({ quick, runs, ...session });
  const started = new Date();
  let complete = false;
  try {
    await suite.run(bench);
    complete = true;
  } finally {
    const { contenders, measurements, missing } = bench;
    const { commit, deno } = await provenance();
    const record: BenchRecord = {
      suite: name,
      machine: await describeMachine(),
      versions: { Deno: deno, V8: Deno.version.v8 },
      commit,
      started: started.toISOString(),
      seconds: (Date.now() - started.getTime()) / 1000,
      quick,
      complete,
      contenders,
      measurements,
      missing,
    };
    if (measurements.length > 0) await publish(record, suite.tables(record), out);
  }
}

async function publish(record: BenchRecord, tables: Table[], folder: string): Promise<void> {
  const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
  const notes = notesOn(record);
  const noted = tables.map((table, index) =>
    index < tables.length - 1 ? table : { ...table, notes: [...table.notes ?? [], ...notes] }
  );
  for (const table of noted) console.log(toText(table, width));
  await writeAtomically(`${folder}/${record.suite}.json`, encodeRecord(record));
  await writeAtomically(`${folder}/${record.suite}.md`, noted.map(toMarkdown).join("\n"));
}

/** Where and of whom the figures are. */
function notesOn(record: BenchRecord): string[] {
  const { machine, versions, contenders, measurements, missing } = record;
  const runs = Math.min(...measurements.map((each) => each.runs));
  const memory = (machine.memoryBytes / 2 ** 30).toFixed(0);
  return [
    `medians of ${runs} runs in turns` +
    `${record.quick ? ", a quick look" : ""}${record.complete ? "" : ", interrupted"}; ` +
    `${record.started.slice(0, 16)}Z, ${record.seconds.toFixed(0)} s, commit ${record.commit}`,
    `${machine.processor}, ${machine.cores} cores (${machine.extensions.join(", ")}), ` +
    `${memory} GiB, ${machine.system}`,
    Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", "),
    Object.entries(contenders).map(([name, { library }]) => `${name}: ${library}`).join("; "),
    ...missing.map(({ contender, reason }) => `missing: ${contender}: ${reason}`),
  ];
}

/** The record as JSON, one measurement per line. */
function encodeRecord({ measurements, ...facts }: BenchRecord): string {
  const lines = measurements.map((each) => encodeJson(each)).join(",\n    ");
  const head = encodeJson(facts, 2).replace(/\n}$/, "");
  return `${head},\n  "measurements": [\n    ${lines}\n  ]\n}\n`;
}
