/** `deno task download`: brings a model or data sets of the hub into the cache. */
import { type DatasetName, datasetNames } from "../experiments/measure/datasets.ts";
import { require } from "../lib/core/mod.ts";
import { type DownloadPlan, hubOfEnvironment } from "../lib/io/mod.ts";
import { choiceOption, listOption, main, type Session } from "./command_line.ts";
import { wantedParts } from "./dataset_argument.ts";
import { describePlans } from "./download_plan.ts";
import type { Wanted } from "./from_hub.ts";
import { hubForm, parseHubModel, wantedModel } from "./model_argument.ts";

await main((program, session) =>
  program.name("download")
    .description(
      "Downloads what is needed of a model or data set of the Hugging Face hub into the cache that " +
        "Python uses too.",
    )
    .argument("[model]", hubForm)
    .option(
      "--dataset <list>",
      `which of ${datasetNames.join(", ")}: what is tested and what is calibrated on`,
      listOption("--dataset", choiceOption("--dataset", datasetNames)),
      [],
    )
    .option("--dry-run", "say which files it would fetch and how many bytes, and write nothing")
    .action((model: string | undefined, options) => run(model, options, session))
);

async function run(
  model: string | undefined,
  { dataset: datasets, dryRun }: { dataset: readonly DatasetName[]; dryRun?: boolean },
  session: Session,
): Promise<void> {
  const wanted = [
    ...model === undefined ? [] : [modelNamed(model)],
    ...datasets.map((name) => wantedParts(name, ["test", "train"])),
  ];
  require(wanted.length > 0, "read the command line", "a model or --dataset must be given");
  if (dryRun) {
    const plans: [string, DownloadPlan][] = [];
    for (const { name, plan } of wanted) {
      plans.push([name, await plan(hubOfEnvironment(), session)]);
    }
    console.log(describePlans(plans));
    return;
  }
  session.kept = "What has come is kept: the same command goes on there.";
  for (const { name, download } of wanted) {
    const { folder, commit } = await download(hubOfEnvironment(), session);
    console.log(`${name} at ${commit.slice(0, 12)}: ${folder}`);
  }
}

function modelNamed(text: string): Wanted {
  const model = parseHubModel(text);
  require(model !== undefined, "read the command line", `the model must be ${hubForm}`, text);
  return wantedModel(model);
}
