import type { Command } from "commander";
import { type BundledFamily, bundledModels } from "../experiments/measure/bundled.ts";
import type { ModelRef } from "../experiments/measure/subject.ts";
import { require } from "../lib/core/mod.ts";
import { readArchitecture } from "../lib/model/mod.ts";
import { integerOption, pathOption, type Session } from "./command_line.ts";
import type { DatasetArgument } from "./dataset_argument.ts";
import {
  findModel,
  type ModelArgument,
  modelForms,
  modelsOption,
  modelText,
} from "./model_argument.ts";
import { nameModels } from "./model_names.ts";
import { isAmongBundled } from "./result_folders.ts";
import { addTextOptions, calibrationSource, type TextOptions, textSource } from "./text_options.ts";

/** The options with which a tool takes models of one's own. */
export interface ModelOptions extends TextOptions {
  model: ModelArgument[];
  windows?: number;
  /** What settings are chosen on, of tools that choose some. */
  validation?: DatasetArgument;
  out?: string;
}

/** A model to measure. */
export interface Source {
  /** The name is that of the folder, where it is unlike all others. */
  ref: ModelRef & { name: string };
  family: string;
}

/**
 * Adds the options to a command line.
 *
 * @param role What becomes of a model: `a further model`.
 * @param out Where results go by default.
 */
export function addModelOptions(
  program: Command,
  role: string,
  out: Outputs,
): Command {
  program.option(
    "--model <model>",
    `${role}: ${modelForms}; may be repeated, and the next seven options are about it`,
    modelsOption("--model"),
    [],
  );
  return addTextOptions(program, true)
    .option(
      "--windows <count>",
      "score at most this many windows (default: all)",
      integerOption("--windows", 1),
    )
    .option(
      "--out <folder>",
      `where results go (default: ${out.bundled}, with --model ${out.own})`,
      pathOption("--out"),
    );
}

/**
 * The models of a command line, named apart from each other and from the bundled ones.
 *
 * @throws {InputError} If an option lacks the model it is about, two contradict each other, or a folder
 *   holds no model that can be run.
 */
export async function ownSources(options: ModelOptions, session: Session): Promise<Source[]> {
  const { model, text, ids, dataset, calibration, validation, window, windows, startToken } =
    options;
  const texts = { text, ids, dataset, calibration, validation };
  const others = { ...texts, window, windows, "start-token": startToken };
  for (const [name, value] of Object.entries(others)) {
    const isApt = value === undefined || model.length > 0;
    require(isApt, "read the command line", `--${name} must come with --model`);
  }
  const names = Object.values(bundledModels).map(({ name }) => name);
  const shared = {
    test: [text, ids, dataset].every((each) => each === undefined)
      ? undefined
      : await textSource(options, session),
    calibration: await calibrationSource(options, session),
    ...validation && { validation: await calibrationSource({ calibration: validation }, session) },
    ...{ window, windows, startToken },
  };
  const isPath = (each: ModelArgument) => typeof each === "string";
  const named = nameModels(model.filter(isPath), names);
  for (const each of model.filter((each) => !isPath(each))) {
    named.push({ folder: await findModel(each, session), name: modelText(each) });
  }
  return await Promise.all(named.map(async ({ folder, name }) => ({
    ref: { folder, name, ...shared },
    family: (await readArchitecture(folder)).architecture.family,
  })));
}

/** Where results go: those of the bundled models, and all with a model of one's own. */
export interface Outputs {
  bundled: string;
  own: string;
}

/**
 * The folder that results go to.
 *
 * @throws {InputError} If it is one of the bundled models' results and a model of one's own is among
 *   the measured ones.
 */
export function outputFolder({ model, out }: ModelOptions, { bundled, own }: Outputs): string {
  if (model.length === 0) return out ?? bundled;
  if (out === undefined) return own;
  const rule = "--out must not be where results of the bundled models are, with --model";
  require(!isAmongBundled(out), "read the command line", rule, out);
  return out;
}

/** The bundled model of a family, in windows of the length that it was trained on. */
export function bundledSource(family: BundledFamily): Source {
  const { name, recipe } = bundledModels[family];
  return { ref: { folder: `data/models/${name}`, name, window: recipe.window }, family };
}
