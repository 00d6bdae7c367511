/** `deno task fuzz`: gives whatever reads a file nearly valid ones and reports what fares badly. */
import { Option } from "commander";
import { counted, require } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { toText } from "../lib/report/mod.ts";
import {
  choiceOption,
  integerOption,
  isThere,
  listOption,
  main,
  type Session,
} from "./command_line.ts";
import { costTable, FuzzLog } from "./fuzz/fuzz_log.ts";
import { fuzzInProcess } from "./fuzz/fuzz_process.ts";
import { readers } from "./fuzz/readers.ts";
import { findDeno } from "./worker_process.ts";

/** Where inputs are kept that a reader fares badly with, and what was tried while the work lasts. */
const folder = "fuzz";

/** Where inputs are written: a folder in memory, where the system has one; it takes all permissions. */
const memory = "/dev/shm";

/** For how many seconds a reader may compute without a word, on a machine that has other work too. */
const patience = 300;

const names = Object.keys(readers);

interface Options {
  runs: number;
  seed: number[];
  reader: string[];
  fresh?: boolean;
}

await main((program, session) =>
  program.name("fuzz")
    .description("Gives whatever reads a file nearly valid ones: each must be read or refused.")
    .option(
      "--runs <count>",
      "inputs for each reader and seed",
      integerOption("--runs", 1),
      10_000,
    )
    .addOption(
      new Option(
        "--seed <number>",
        "of the inputs: one, or the first and last of several, as 1..20",
      )
        .argParser(seedOption)
        .default([1], "1"),
    )
    .addOption(
      new Option("--reader <list>", `which, in commas: ${names.join(", ")}`)
        .argParser(listOption("--reader", choiceOption("--reader", names)))
        .default(names, "all"),
    )
    .option("--fresh", "try again what an interrupted run has tried")
    .action((options) => run(options, session))
);

function seedOption(text: string): number[] {
  const parse = integerOption("--seed", 0, 2 ** 31 - 1);
  const [first, last = first, ...others] = text.split("..").map(parse);
  const isRange = others.length === 0 && first <= last;
  require(isRange, "read the command line", "--seed must be one or FIRST..LAST", text);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Ends the process with status 1 if a reader failed; the others are tried all the same. */
async function run(
  { runs, seed: seeds, reader: chosen, fresh }: Options,
  session: Session,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const path = `${folder}/tried.json`;
  if (fresh && isThere(path)) await Deno.remove(path);
  const log = await FuzzLog.open(path);
  session.kept = "What was tried is kept: the same command goes on there.";
  const deno = await findDeno();
  const asked = seeds.flatMap((seed) => chosen.map((reader) => ({ reader, seed, runs })));
  const work = await Deno.makeTempDir({ dir: isThere(memory) ? memory : folder, prefix: "fuzz-" });
  try {
    for (const [index, each] of asked.entries()) {
      session.signal.throwIfAborted();
      if (log.find(each)) continue;
      await tryInputs(each, `[${index + 1}/${asked.length}]`, { log, work, deno }, session);
    }
  } finally {
    await Deno.remove(work, { recursive: true });
  }
  const tried = asked.map((each) => log.find(each)!);
  console.log(toText(costTable(tried), 100));
  await Deno.remove(path);
  const failures = tried.filter(({ failure }) => failure);
  for (const { reader, seed, failure } of failures) {
    console.log(`${reader}, seed ${seed}, input in ${failure!.path}: ${failure!.complaint}`);
  }
  const failed = new Set(failures.map(({ reader }) => reader)).size;
  console.log(`${failed} of ${counted(chosen.length, "reader")} failed`);
  if (failed > 0) Deno.exit(1);
}

/** Gives one reader the inputs of one seed. */
async function tryInputs(
  asked: { reader: string; seed: number; runs: number },
  place: string,
  { log, work, deno }: { log: FuzzLog; work: string; deno: string },
  { progress, signal }: Session,
): Promise<void> {
  const { reader: name, seed, runs } = asked;
  const own = `${work}/${name.replaceAll(" ", "-")}`;
  await Deno.mkdir(own);
  const count = Math.ceil(runs / (readers[name].cost ?? 1));
  progress.start(`${place} ${name}, seed ${seed}`, count);
  const hear = (inputs: number) => progress.update(Math.min(inputs, count));
  const { failure, ...fuzzed } = await fuzzInProcess(
    { name, seed, runs, folder: own },
    readers[name],
    { deno, patience, hear, signal },
  );
  await Deno.remove(own, { recursive: true });
  const path = `${folder}/${name.replaceAll(" ", "-")}.${seed}.input`;
  if (failure) await writeAtomically(path, failure.input);
  const { complaint } = failure ?? {};
  await log.add({ ...asked, ...fuzzed, ...complaint && { failure: { complaint, path } } });
  progress.finish(complaint?.split("\n")[0]);
}
