import type { Command } from "commander";
import { bundledModels } from "../experiments/bundled.ts";
import type { SubjectOptions } from "../experiments/subject.ts";
import { fileSource, type TokenSource } from "../experiments/token_source.ts";
import { require } from "../lib/core/mod.ts";
import {
  type FamilyName,
  readArchitecture,
  type StartTokenPlace,
  startTokenPlaces,
} from "../lib/model/mod.ts";
import { choiceOption, integerOption, pathOption, pathsOption } from "./command_line.ts";
import { nameModels } from "./model_names.ts";

/** The options with which a tool takes models of one's own. */
export interface ModelOptions {
  model: string[];
  text?: string;
  ids?: string;
  calibration?: string;
  window?: number;
  windows?: number;
  startToken?: StartTokenPlace;
  out?: string;
}

/** A model to measure. */
export interface Source {
  folder: string;
  /** The name is that of the folder, where it is unlike all others. */
  options: Omit<SubjectOptions, "matrixProduct" | "instructions">;
}

/**
 * Adds the options to a command line.
 *
 * @param role What becomes of a model: `a further model`.
 * @param out Where results go by default: those of the bundled models, and all with a model of one's
 *   own.
 */
export function addModelOptions(
  program: Command,
  role: string,
  out: { bundled: string; own: string },
): Command {
  return program
    .option(
      "--model <folder>",
      `${role} in Hugging Face layout; may be repeated`,
      pathsOption("--model"),
      [],
    )
    .option(
      "--text <file>",
      "test the models of --model on this text (default: the built-in encyclopedia)",
      pathOption("--text"),
    )
    .option(
      "--ids <file>",
      "test them on a JSON array of token ids, taken as they are: without tokenizer.json",
      pathOption("--ids"),
    )
    .option(
      "--calibration <file>",
      "calibrate them on this text, or on token ids if it ends in .json (default: the built-in " +
        "encyclopedia)",
      pathOption("--calibration"),
    )
    .option(
      "--window <tokens>",
      "tokens per window for them (default: the longest they allow, at most 2048)",
      integerOption("--window", 2),
    )
    .option(
      "--windows <count>",
      "score at most this many windows of them (default: all)",
      integerOption("--windows", 1),
    )
    .option(
      "--start-token <place>",
      "none, once in front of a text of theirs, or in every window (default: as they were trained, " +
        "or as their tokenizers do it)",
      choiceOption("--start-token", startTokenPlaces),
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
export async function ownSources(options: ModelOptions): Promise<(Source & Described)[]> {
  const action = "read the command line";
  const { model, text, ids, calibration, window, windows, startToken } = options;
  const others = { text, ids, calibration, window, windows, "start-token": startToken };
  for (const [name, value] of Object.entries(others)) {
    require(value === undefined || model.length > 0, action, `--${name} takes --model`);
  }
  require(text === undefined || ids === undefined, action, "give either --text or --ids");
  const names = Object.values(bundledModels).map(({ name }) => name);
  const shared = {
    test: text ? source("text", text) : ids ? source("ids", ids) : undefined,
    calibration: calibration ? fileSource(calibration) : undefined,
    ...{ window, windows, startToken },
  };
  return await Promise.all(
    nameModels(model, names).map(async ({ folder, name }) => ({
      folder,
      family: (await readArchitecture(folder)).architecture.family,
      options: { name, ...shared },
    })),
  );
}

/** What is known of a model before it is loaded. */
interface Described {
  family: FamilyName;
}

/** The bundled model of a family, in windows of the length that it was trained on. */
export function bundledSource(family: FamilyName): Source {
  const { name, recipe } = bundledModels[family];
  return { folder: `data/models/${name}`, options: { name, window: recipe.window } };
}

function source(kind: "text" | "ids", path: string): TokenSource {
  return { kind, path };
}
