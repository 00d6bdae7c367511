/** `deno task download`: brings a model or data sets of the hub into the cache. */
import { type DatasetName, datasetNames } from "../experiments/measure/datasets.ts";
import { require } from "../lib/core/mod.ts";
import { hubOfEnvironment, parseRepository } from "../lib/io/mod.ts";
import { choiceOption, listOption, main, type Session } from "./command_line.ts";
import { wantedParts } from "./dataset_argument.ts";
import type { Wanted } from "./from_hub.ts";
import { wantedModel } from "./model_argument.ts";

await main((program, session) =>
  program.name("download")
    .description(
      "Downloads what is needed of a model or data set of the Hugging Face hub into the cache that " +
        "Python uses too.",
    )
    .argument("[model]", "org/name or org/name@revision")
    .option(
      "--dataset <list>",
      `which of ${datasetNames.join(", ")}: what is tested and what is calibrated on`,
      listOption("--dataset", choiceOption("--dataset", datasetNames)),
      [],
    )
    .action((model: string | undefined, { dataset }) => run(model, dataset, session))
);

async function run(
  model: string | undefined,
  datasets: readonly DatasetName[],
  session: Session,
): Promise<void> {
  session.kept = "What has come is kept: the same command goes on there.";
  const wanted = [
    ...model === undefined ? [] : [modelNamed(model)],
    ...datasets.map((name) => wantedParts(name, ["test", "train"])),
  ];
  require(wanted.length > 0, "read the command line", "a model or --dataset must be given");
  for (const { name, download } of wanted) {
    const { folder, commit } = await download(hubOfEnvironment(), session);
    console.log(`${name} at ${commit.slice(0, 12)}: ${folder}`);
  }
}

function modelNamed(text: string): Wanted {
  const repository = parseRepository(text);
  const rule = "the model must be org/name or org/name@revision";
  require(repository !== undefined, "read the command line", rule, text);
  return wantedModel(repository);
}
