/** `deno task bench`: timings beside other engines, as records that the experiments read. */
import { Bench } from "../bench/harness/suite.ts";
import { busyShare, describeMachine } from "../bench/harness/machine.ts";
import { leastRuns } from "../bench/harness/turns.ts";
import { judge, type Judgement, targetTable } from "../bench/harness/target.ts";
import { headlineSuites, type SuiteName, suites } from "../bench/suites.ts";
import { targets } from "../bench/targets.ts";
import type { BenchRecord, Machine } from "../experiments/result/bench_record.ts";
import { prepareFolder } from "../lib/io/mod.ts";
import { choicesArgument, integerOption, main, pathOption, type Session } from "./command_line.ts";
import { provenance } from "./provenance.ts";
import { publishRecord } from "./publish_record.ts";
import { printTable } from "./standard_output.ts";

interface Options {
  quick?: boolean;
  runs: number;
  out?: string;
}

const names = Object.keys(suites) as SuiteName[];
const descriptions = names.map((name) => `${name}: ${suites[name].description}`).join("\n");

await main((program, session) =>
  program.name("bench")
    .description(`Measures speed and memory beside other engines.\n\n${descriptions}`)
    .addArgument(
      choicesArgument("suites", `all by default, with --quick ${headlineSuites.join(", ")}`, names),
    )
    .option("--quick", "a look at what the targets speak of, or at a few small jobs")
    .option(
      "--runs <count>",
      "runs that each median is taken of",
      integerOption("--runs", leastRuns),
      leastRuns,
    )
    .option(
      "--out <folder>",
      "where to write the records: results/bench by default, with --quick nowhere",
      pathOption("--out"),
    )
    .action(async (chosen: SuiteName[], { out, ...options }: Options) => {
      const folder = out ?? (options.quick ? undefined : "results/bench");
      if (folder) await prepareFolder(folder);
      const suites = chosen.length > 0 ? chosen : options.quick ? headlineSuites : names;
      const machine = await describeMachine();
      const judgements: Judgement[] = [];
      for (const name of suites) {
        judgements.push(...await runOne(name, { ...options, out: folder }, machine, session));
      }
      if (suites.length > 1 && judgements.length > 0) printTable(targetTable(judgements));
    })
);

/**
 * Runs a suite; what was measured is printed and written, be it interrupted or not.
 *
 * @returns What became of the targets that it speaks of.
 */
async function runOne(
  name: SuiteName,
  options: Options,
  machine: Machine,
  session: Session,
): Promise<Judgement[]> {
  const { quick = false, runs, out } = options;
  const suite = suites[name];
  const bench = new Bench({ quick, runs, machine, ...session });
  const busy = await busyShare();
  const started = new Date();
  let complete = false;
  let judgements: Judgement[] = [];
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
      machine,
      versions: { Deno: deno, V8: Deno.version.v8 },
      commit,
      started: started.toISOString(),
      seconds: (Date.now() - started.getTime()) / 1000,
      ...busy !== undefined && { busy },
      quick,
      complete,
      contenders,
      measurements,
      missing,
    };
    if (measurements.length > 0) {
      if (headlineSuites.includes(name)) judgements = judge(targets, record);
      const aims = judgements.length > 0 ? [targetTable(judgements)] : [];
      const remarks = quick && suite.omitted ? [`only in the full suite: ${suite.omitted}`] : [];
      const tables = await publishRecord(record, [...aims, ...suite.tables(record)], out, remarks);
      tables.forEach(printTable);
      if (out) session.kept = "What was measured is kept.";
    }
  }
  return judgements;
}
