/** `deno task fuzz`: gives whatever reads a file nearly valid ones and reports what fares badly. */
import { counted } from "../lib/core/mod.ts";
import { Option } from "commander";
import { writeAtomically } from "../lib/io/mod.ts";
import { choiceOption, integerOption, listOption, main, type Session } from "./command_line.ts";
import { datasetReaders } from "./fuzz/dataset_readers.ts";
import { fuzzReader } from "./fuzz/fuzz_reader.ts";
import { modelReaders } from "./fuzz/model_readers.ts";
import { recordReaders } from "./fuzz/record_readers.ts";

/** Where inputs are written, and kept if they fail. */
const folder = "fuzz";

const readers = { ...modelReaders, ...datasetReaders, ...recordReaders };
const names = Object.keys(readers);

await main((program, session) =>
  program.name("fuzz")
    .description("Gives whatever reads a file nearly valid ones: each must be read or refused.")
    .option("--runs <count>", "inputs for each reader", integerOption("--runs", 1), 10_000)
    .option("--seed <number>", "of the inputs", integerOption("--seed", 0, 2 ** 31 - 1), 1)
    .addOption(
      new Option("--reader <list>", `which, in commas: ${names.join(", ")}`)
        .argParser(listOption("--reader", choiceOption("--reader", names)))
        .default(names, "all"),
    )
    .action((options) => run(options, session))
);

/** Ends the process with status 1 if a reader failed; the others are tried all the same. */
async function run(
  { runs, seed, reader: chosen }: { runs: number; seed: number; reader: string[] },
  { progress, signal }: Session,
): Promise<void> {
  let failures = 0;
  for (const name of chosen) {
    signal.throwIfAborted();
    const work = `${folder}/${name.replaceAll(" ", "-")}`;
    await Deno.mkdir(work, { recursive: true });
    const failure = await fuzzReader(name, readers[name], {
      folder: work,
      seed,
      runs,
      progress,
      signal,
    });
    if (failure === undefined) {
      await Deno.remove(work, { recursive: true });
      continue;
    }
    failures++;
    const path = `${work}.${seed}.input`;
    await writeAtomically(path, failure.input);
    console.log(`${name}, seed ${seed}, input in ${path}: ${failure.complaint}`);
  }
  console.log(`${failures} of ${counted(chosen.length, "reader")} failed`);
  if (failures > 0) Deno.exit(1);
}
