/** `deno task download`: brings a model of the hub into the cache. */
import { require } from "../lib/core/mod.ts";
import { hubOfEnvironment, parseRepository } from "../lib/io/mod.ts";
import { main, type Session } from "./command_line.ts";
import { wantedModel } from "./model_argument.ts";

await main((program, session) =>
  program.name("download")
    .description(
      "Downloads what is run of a model of the Hugging Face hub into the cache that Python uses too.",
    )
    .argument("<model>", "org/name or org/name@revision")
    .action((model: string) => run(model, session))
);

async function run(model: string, session: Session): Promise<void> {
  session.kept = "What has come is kept: the same command goes on there.";
  const repository = parseRepository(model);
  const rule = "the model must be org/name or org/name@revision";
  require(repository !== undefined, "read the command line", rule, model);
  const { name, download } = wantedModel(repository);
  const { folder, commit } = await download(hubOfEnvironment(), session);
  console.log(`${name} at ${commit.slice(0, 12)}: ${folder}`);
}
