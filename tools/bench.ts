/** `deno task bench`: timings beside other engines, as records that the experiments read. */
import { Argument } from "commander";
import { Bench } from "../bench/harness/suite.ts";
import { describeMachine } from "../bench/harness/machine.ts";
import { leastRuns } from "../bench/harness/turns.ts";
import { type SuiteName, suites } from "../bench/suites.ts";
import type { BenchRecord } from "../experiments/result/bench_record.ts";
import { prepareFolder } from "../lib/io/mod.ts";
import { toText } from "../lib/report/mod.ts";
import { integerOption, main, pathOption, type Session } from "./command_line.ts";
import { provenance } from "./provenance.ts";
import { publishRecord } from "./publish_record.ts";

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
    .option("--out <folder>", "where to write the records", pathOption("--out"), "results/bench")
    .action(async (chosen: SuiteName[], options: Options) => {
      await prepareFolder(options.out);
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
  } catch (error) {
    session.signal.throwIfAborted(); // Ctrl-C at a terminal ends the peers' processes as well
    throw error;
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
    if (measurements.length > 0) {
      const tables = await publishRecord(record, suite.tables(record), out);
      session.kept = "What was measured is kept.";
      const width = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 160;
      for (const table of tables) console.log(toText(table, width));
    }
  }
}
