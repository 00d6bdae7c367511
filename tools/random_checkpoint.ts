/** `deno task random-checkpoint`: writes a checkpoint of random weights in the shape of a real model. */
import { type ModelName, modelShapes } from "../experiments/measure/model_shapes.ts";
import { randomModel } from "../experiments/measure/random_model.ts";
import { seededRandom } from "../lib/core/mod.ts";
import { prepareFolder, writeAtomically } from "../lib/io/mod.ts";
import { saveModel } from "../lib/model/mod.ts";
import { choiceOption, integerOption, main, pathOption, type Session } from "./command_line.ts";

interface Options {
  shape: ModelName;
  out: string;
  tokens: number;
}

const names = Object.keys(modelShapes) as ModelName[];

await main((program, session) =>
  program.name("random-checkpoint")
    .description(
      "Write random weights in the shape of a real model, to see what it costs on this machine.",
    )
    .requiredOption("--shape <name>", names.join(", "), choiceOption("--shape", names))
    .requiredOption("--out <folder>", "where the checkpoint goes, in F16", pathOption("--out"))
    .option(
      "--tokens <count>",
      "random tokens that go beside it, in ids.json",
      integerOption("--tokens", 1),
      2048,
    )
    .action((options: Options) => write(options, session))
);

async function write({ shape, out, tokens }: Options, { progress, signal }: Session) {
  const architecture = modelShapes[shape];
  const { source, ...model } = randomModel(shape, architecture, "F16");
  await prepareFolder(out);
  const random = seededRandom(0);
  const last = architecture.vocabularySize - 1;
  const ids = Array.from({ length: tokens }, () => random.integer(0, last));
  await writeAtomically(`${out}/ids.json`, JSON.stringify(ids));
  progress.start(`${shape} to ${out}`, architecture.layers);
  const layer = (index: number) => {
    signal.throwIfAborted();
    progress.update(index);
    return source.layer(index);
  };
  await saveModel({ ...model, source: { ...source, layer } }, out, "F16");
  progress.finish();
}
