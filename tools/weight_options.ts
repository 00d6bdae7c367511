import type { Command } from "commander";
import { require } from "../lib/core/mod.ts";
import { type ConfiguredMethod, describeShortGroups } from "../lib/methods/mod.ts";
import type { Profile, Storage } from "../lib/format/mod.ts";
import { type Architecture, quantizedForms } from "../lib/model/mod.ts";
import { type ScaleDtype, scaleDtypes } from "../lib/quant/mod.ts";
import { choiceOption, integerOption, numberOption } from "./command_line.ts";

/** What the command line changes of a method's weight quantizer; absent what it leaves alone. */
export interface WeightOptions {
  bits?: number;
  groupSize?: number | "row";
  symmetric?: boolean;
  actOrder?: boolean;
  damping?: number;
  scales?: ScaleDtype;
}

/** The flag of each option, and what the settings of a method call it. */
const settings: [key: keyof WeightOptions, flag: string, setting: string][] = [
  ["bits", "--bits", "bits"],
  ["groupSize", "--group-size", "groupSize"],
  ["symmetric", "--symmetric", "symmetric"],
  ["actOrder", "--act-order", "actOrder"],
  ["damping", "--damping", "percdamp"],
  ["scales", "--scales", "scaleDtype"],
];

/** Adds the options that {@linkcode changeWeights} takes. */
export function addWeightOptions(program: Command): Command {
  return program
    .option(
      "--bits <count>",
      "of a weight; this and the next five change what the method has",
      integerOption("--bits", 2, 8),
    )
    .option("--group-size <columns>", 'columns that share a scale, or "row"', groupSize)
    .option("--symmetric", "weight grids centred on zero")
    .option("--no-symmetric", "or over the range of the weights")
    .option("--act-order", "GPTQ quantizes columns by decreasing activity")
    .option("--no-act-order", "or as they come")
    .option(
      "--damping <part>",
      "of the mean of the Hessian's diagonal that GPTQ adds to it (percdamp)",
      numberOption("--damping", 0),
    )
    .option(
      "--scales <type>",
      "F32, or F16 as GPTQ checkpoints hold them: rounded before codes are chosen",
      choiceOption("--scales", scaleDtypes),
    );
}

function groupSize(text: string): number | "row" {
  return text === "row" ? text : integerOption("--group-size", 1)(text);
}

/**
 * A method with other settings of its weight quantizer.
 *
 * @param name What errors call the method.
 * @throws {InputError} If the method has no such setting.
 */
export function changeWeights(
  method: ConfiguredMethod,
  name: string,
  options: WeightOptions,
): ConfiguredMethod {
  const changes: Record<string, unknown> = {};
  for (const [key, flag, setting] of settings) {
    if (options[key] === undefined) continue;
    const isOwn = method.takes("weights", setting);
    require(isOwn, "read the command line", `${flag} is no setting of ${name}`);
    changes[setting] = options[key];
  }
  return method.with({ weights: changes });
}

/**
 * What to say of quantizing weights that are stored in few bits already; nothing where they are floats.
 *
 * @param stored How its checkpoint stores linear maps.
 */
export function secondQuantization(
  { settings }: ConfiguredMethod,
  name: string,
  model: string,
  stored: Pick<Storage, "forms">,
): string[] {
  const few = quantizedForms(stored);
  if (!settings.weights || few.length === 0) return [];
  return [
    `The weights of ${model} are stored as ${
      few.join(", ")
    }: ${name} quantizes them a second time.`,
  ];
}

/**
 * What to say of groups of columns that do not fit into a model's rows.
 *
 * @param name What warnings call the method.
 */
export function shortGroups(
  { settings }: ConfiguredMethod,
  name: string,
  architecture: Architecture,
): string[] {
  return describeShortGroups(settings, architecture).map((line) => `${name}: ${line}.`);
}

/**
 * A method with this reading of its activation quantizers; its own without one.
 *
 * @param name What errors call the method.
 * @throws {InputError} If it has one reading alone.
 */
export function changeProfile(
  method: ConfiguredMethod,
  name: string,
  profile?: Profile,
): ConfiguredMethod {
  if (profile === undefined) return method;
  const isOwn = method.takes("activations", "profile");
  require(isOwn, "read the command line", `--profile is no setting of ${name}`);
  return method.with({ activations: { profile } });
}
