/** `deno task quantize`: writes a model with quantized weights, for this and for other programs. */
import { methods } from "../lib/methods/mod.ts";
import { encodeJson, require } from "../lib/core/mod.ts";
import { addAllocateOptions } from "./allocate_option.ts";
import { choiceOption, main, pathOption, type Session } from "./command_line.ts";
import { describeDryRun, dryQuantization } from "./dry_run.ts";
import { modelForms, modelOption } from "./model_argument.ts";
import { checkpointFormats, quantizeModel, type QuantizeOptions } from "./quantize_model.ts";
import { describeQuantized } from "./quantize_report.ts";
import { addSettingsOption } from "./settings_option.ts";
import { addCalibrationOptions, addDrawOptions } from "./text_options.ts";
import { addWeightOptions } from "./weight_options.ts";

type Options = QuantizeOptions & { json?: boolean; dryRun?: boolean };

await main((program, session) => {
  const names = Object.entries(methods).filter(([, { settings }]) =>
    "weights" in settings && !("rotation" in settings)
  );
  program.name("quantize")
    .description(
      "Write a model with quantized weights; run again to go on where that was interrupted.",
    )
    .requiredOption("--model <model>", modelForms, modelOption("--model"))
    .requiredOption("--method <name>", names.map(([name]) => name).join(", "))
    .requiredOption("--out <folder>", "where the model goes: a new folder", pathOption("--out"))
    .option(
      "--format <name>",
      "gptq: codes as GPTQ's checkpoints hold them, with scales in F16 (default), or safetensors: " +
        "dequantized to F16",
      choiceOption("--format", checkpointFormats),
    );
  addAllocateOptions(addSettingsOption(addWeightOptions(program)));
  addCalibrationOptions(program);
  addDrawOptions(program)
    .option("--fresh", "start over instead of going on with what is there")
    .option("--dry-run", "say what it would cost on this machine, and write nothing")
    .option("--json", "print that as JSON")
    .action((options: Options) => write(options, session));
});

async function write(
  { json = false, dryRun: isDry = false, ...options }: Options,
  session: Session,
): Promise<void> {
  require(!json || isDry, "read the command line", "--json must come with --dry-run");
  if (isDry) {
    const dry = await dryQuantization(options, session);
    console.log(json ? encodeJson(dry, 2) : describeDryRun(dry));
    return;
  }
  console.log(describeQuantized(await quantizeModel(options, session)));
}
