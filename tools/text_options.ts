import type { Command } from "commander";
import { fileSource, type TokenSource } from "../experiments/measure/token_source.ts";
import { refuse } from "../lib/core/mod.ts";
import { type StartTokenPlace, startTokenPlaces } from "../lib/model/mod.ts";
import { choiceOption, integerOption, pathOption } from "./command_line.ts";

/** The options that say on which tokens a model is tested and calibrated. */
export interface TextOptions {
  /** One of the two at most. */
  text?: string;
  ids?: string;
  calibration?: string;
  window?: number;
  startToken?: StartTokenPlace;
}

/** What models are calibrated on by default, and some tools test them on. */
const builtIn = "(default: the built-in encyclopedia)";

/**
 * Adds the options to a command line.
 *
 * @param isOptional Whether the tool tests on the built-in encyclopedia where no text is given.
 */
export function addTextOptions(program: Command, isOptional: boolean): Command {
  return program
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
      "--calibration <file>",
      `text to calibrate on, or token ids if it ends in .json ${builtIn}`,
      pathOption("--calibration"),
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

/**
 * The text or the token ids that a command line names to test on.
 *
 * @throws {InputError} If it names both or none.
 */
export function textSource({ text, ids }: Pick<TextOptions, "text" | "ids">): TokenSource {
  if (text !== undefined && ids === undefined) return { kind: "text", path: text };
  if (ids !== undefined && text === undefined) return { kind: "ids", path: ids };
  const given = text === undefined ? "none" : "both";
  refuse("read the command line", `one of --text and --ids must be given, got ${given}`);
}

/** What a command line names to calibrate on, if anything. */
export function calibrationSource({ calibration }: TextOptions): TokenSource | undefined {
  return calibration === undefined ? undefined : fileSource(calibration);
}
