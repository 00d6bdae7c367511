import type { Command } from "commander";
import { datasetNames } from "../experiments/measure/datasets.ts";
import { protocol } from "../experiments/measure/subject.ts";
import { fileSource, rowSource, type TokenSource } from "../experiments/measure/token_source.ts";
import { require } from "../lib/core/mod.ts";
import { type StartTokenPlace, startTokenPlaces } from "../lib/model/mod.ts";
import { choiceOption, integerOption, pathOption, type Session } from "./command_line.ts";
import { type DatasetArgument, datasetOption, findPart } from "./dataset_argument.ts";

/** The options that say on which tokens a model is calibrated. */
export interface CalibrationOptions {
  calibration?: DatasetArgument;
  window?: number;
  startToken?: StartTokenPlace;
}

/** The options that say on which tokens a model is tested and calibrated. */
export interface TextOptions extends CalibrationOptions {
  /** One of the three at most. */
  text?: string;
  ids?: string;
  dataset?: DatasetArgument;
}

/** The options that say what is drawn of a text to calibrate on. */
export interface DrawOptions {
  calibrationWindows: number;
  seed: number;
}

/** What some tools test models on by default. */
const builtIn = "(default: the built-in encyclopedia)";

/**
 * Adds the options to a command line.
 *
 * @param isOptional Whether the tool tests on the built-in encyclopedia where no text is given.
 */
export function addTextOptions(program: Command, isOptional: boolean): Command {
  program
    .option(
      "--text <file>",
      `text to test on, which needs a tokenizer${isOptional ? ` ${builtIn}` : ""}`,
      pathOption("--text"),
    )
    .option(
      "--ids <file>",
      "or token ids, a JSON array, taken as they are: without a tokenizer",
      pathOption("--ids"),
    )
    .option(
      "--dataset <name>",
      `or a data set: ${
        datasetNames.join(", ")
      } as GPTQ cuts them, or a file with a text in each row`,
      datasetOption("--dataset"),
    );
  return addCalibrationOptions(program, "the same data set's text for training, or ");
}

/**
 * Adds those about calibration alone.
 *
 * @param first What is calibrated on by default, before the encyclopedia.
 */
export function addCalibrationOptions(program: Command, first = ""): Command {
  return program
    .option(
      "--calibration <file>",
      "what to calibrate on: a text, token ids if it ends in .json, or a data set by name (default: " +
        `${first}the built-in encyclopedia)`,
      datasetOption("--calibration"),
    )
    .option(
      "--window <tokens>",
      "tokens per window (default: the longest the model allows, at most 2048)",
      integerOption("--window", 2),
    )
    .option(
      "--start-token <place>",
      "none, once in front of the text, or in every window (default: in every window where the " +
        "model was trained so, else once where the tokenizer adds one; else none, as with --ids)",
      choiceOption("--start-token", startTokenPlaces),
    );
}

/** Adds the options about what is drawn of a text to calibrate on. */
export function addDrawOptions(program: Command): Command {
  return program
    .option(
      "--calibration-windows <count>",
      `windows for GPTQ; activations take the first ${protocol.activationWindows}`,
      integerOption("--calibration-windows", 1),
      protocol.weightWindows,
    )
    .option(
      "--seed <number>",
      "of the draw of calibration windows",
      integerOption("--seed", 0, 2 ** 32 - 1),
      protocol.seed,
    );
}

/**
 * What a command line names to test on.
 *
 * @throws {InputError} If it does not name one thing, or that is a data set that cannot be had.
 */
export async function textSource(
  { text, ids, dataset }: Pick<TextOptions, "text" | "ids" | "dataset">,
  session: Session,
): Promise<TokenSource> {
  const given = [text, ids, dataset].filter((each) => each !== undefined).length;
  const rule = "one of --text, --ids and --dataset must be given";
  require(given === 1, "read the command line", rule, given);
  if (text !== undefined) return { kind: "text", path: text };
  if (ids !== undefined) return { kind: "ids", path: ids };
  if ("path" in dataset!) return rowSource(dataset.path);
  return await findPart(dataset!.dataset, "test", session);
}

/**
 * What a command line names to calibrate on, if anything: a file, or the part of a data set that is for
 * it, by default the one of the data set that is tested on.
 *
 * @throws {InputError} If it is a data set that cannot be had.
 */
export async function calibrationSource(
  { calibration, dataset }: Pick<TextOptions, "calibration" | "dataset">,
  session: Session,
): Promise<TokenSource | undefined> {
  if (calibration !== undefined && "path" in calibration) return fileSource(calibration.path);
  const named = calibration ?? dataset;
  if (named === undefined || "path" in named) return undefined;
  return await findPart(named.dataset, "train", session);
}
