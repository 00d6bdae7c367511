/** `deno task perplexity`: the perplexity of one model on one text with one method. */
import { encodeJson } from "../lib/core/mod.ts";
import { executions, methods } from "../lib/methods/mod.ts";
import { addAllocateActivations, addAllocateOptions } from "./allocate_option.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  main,
  numberOption,
  type Session,
} from "./command_line.ts";
import { modelForms, modelOption } from "./model_argument.ts";
import { describeDryRun, dryRun } from "./dry_run.ts";
import { measurePerplexity } from "./measure_perplexity.ts";
import { describeReport } from "./perplexity_report.ts";
import type { PerplexityOptions } from "./plan_perplexity.ts";
import { addSettingsOption } from "./settings_option.ts";
import { addDrawOptions, addTextOptions } from "./text_options.ts";
import { addWeightOptions } from "./weight_options.ts";

type Options = PerplexityOptions & { json?: boolean; dryRun?: boolean };

await main((program, session) => {
  program.name("perplexity")
    .description("Perplexity of a model by the protocol of GPTQ.")
    .requiredOption("--model <model>", modelForms, modelOption("--model"));
  addTextOptions(program, false)
    .option("--method <name>", Object.keys(methods).join(", "), "fp16")
    .option(
      "--profile <name>",
      "paper or released: whose reading of the quantizers (default: paper)",
      choiceOption("--profile", ["paper", "released"]),
    )
    .option(
      "--execute <how>",
      "emulate: dequantized floats, or integer: integer products in the linear maps",
      choiceOption("--execute", executions),
      "emulate",
    );
  addAllocateActivations(addAllocateOptions(addSettingsOption(addWeightOptions(program))))
    .option(
      "--prune <ratio>",
      "share of the tokens pruned at the end, below 1",
      numberOption("--prune", 0, 1),
    )
    .option(
      "--prune-layers <list>",
      "pruning layers, counted from 0, or from the end, -1 being the last; such as -2,-1",
      listOption("--prune-layers", integerOption("--prune-layers")),
    )
    .option(
      "--positions <mode>",
      "with --prune: renumber or keep the survivors' positions (default: renumber)",
      choiceOption("--positions", ["renumber", "keep"]),
    );
  addDrawOptions(program)
    .option(
      "--windows <count>",
      "score at most this many windows, the first ones (default: all)",
      integerOption("--windows", 1),
    )
    .option(
      "--compare",
      "with the model as it is stored: paired ratio, KL divergence, same top token",
    )
    .option("--dry-run", "say what it would cost on this machine, without loading weights")
    .option("--json", "print the result as JSON")
    .action((options: Options) => print(options, session));
});

async function print(
  { json, dryRun: isDry, ...options }: Options,
  session: Session,
): Promise<void> {
  if (isDry) {
    const dry = await dryRun(options, session);
    console.log(json ? encodeJson(dry, 2) : describeDryRun(dry));
    return;
  }
  const report = await measurePerplexity(options, session);
  console.log(json ? encodeJson(report, 2) : describeReport(report));
}
