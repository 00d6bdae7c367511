/** `deno task encyclopedia`: writes synthetic encyclopedia text to standard output. */
import { corpus } from "../experiments/measure/bundled.ts";
import { generateEncyclopedia } from "../lib/corpus/mod.ts";
import { integerOption, main } from "./command_line.ts";
import { writeText } from "./standard_output.ts";

await main((program) =>
  program.name("encyclopedia")
    .description("Writes the text that the bundled models are tested on, or another like it.")
    .option(
      "--seed <number>",
      `of the subjects: ${corpus.training.seed} trains, ${corpus.calibration.seed} calibrates, ` +
        `${corpus.test.seed} tests`,
      integerOption("--seed", 0, 2 ** 32 - 1),
      corpus.test.seed,
    )
    .option(
      "--characters <count>",
      "how long; the last article is finished",
      integerOption("--characters", 1),
      corpus.test.characters,
    )
    .action(async (options: { seed: number; characters: number }) => {
      await writeText(generateEncyclopedia(options).text);
    })
);
