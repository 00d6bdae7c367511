import { Argument, Command, CommanderError } from "commander";
import { InputError, printable, type Progress, refuse, require } from "../lib/core/mod.ts";
import { typedPath } from "../lib/io/mod.ts";
import { listenForInterrupt } from "./interrupt.ts";
import { terminalProgress } from "./progress.ts";

/** What a tool hands to the work that it starts. */
export interface Session {
  /** Drawn on standard error. */
  progress: Progress;
  /** Aborts at Ctrl-C. */
  signal: AbortSignal;
  /** What Ctrl-C does not cost, as a sentence for whoever pressed it; the tool sets it. */
  kept?: string;
  /** Whether the tool only plans: nothing is downloaded. */
  isDry?: boolean;
}

/**
 * What a tool says at Ctrl-C whose measurements are kept and used again.
 *
 * @param what Is kept, with its verb: `Measured cells are`.
 * @param isFresh Whether the command measures anew what is kept.
 */
export function keptMeasurements(what: string, isFresh = false): string {
  return isFresh
    ? `${what} kept: the same command without --fresh uses them.`
    : `${what} kept: the same command goes on there.`;
}

/** Exit statuses: 130 is what a shell reports for a process that SIGINT ended. */
const status = { success: 0, defect: 1, badInput: 2, interrupted: 130 };

/**
 * Runs a command-line tool and ends the process.
 *
 * Bad input prints a line for each problem and exits with status 2; so does a command line that commander refuses
 * and a permission that Deno withholds. Any other error is a defect: status 1, with the stack if
 * AGILE_QUANT_DEBUG is 1. Ctrl-C aborts the session's signal, and a tool that then throws the
 * signal's reason exits with status 130; a second Ctrl-C kills the process, whatever it is doing.
 *
 * @param describe Gives the program its name, options and action.
 * @example
 * ```ts
 * import { integerOption, main } from "./tools/command_line.ts";
 *
 * await main((program, { signal }) =>
 *   program.name("count")
 *     .option("--steps <number>", "how many", integerOption("--steps", 1), 3)
 *     .action(({ steps }) => {
 *       for (let step = 1; step <= steps; step++) {
 *         signal.throwIfAborted();
 *         console.log(step);
 *       }
 *     })
 * );
 * ```
 */
export async function main(
  describe: (program: Command, session: Session) => unknown,
): Promise<never> {
  const { signal, listening } = listenForInterrupt();
  const progress = terminalProgress();
  const session: Session = { progress, signal };
  const program = new Command().exitOverride().configureOutput({
    outputError() {},
    getOutHasColors: () => false, // the help has none, so nobody need ask the environment
    getErrHasColors: () => false,
  });
  try {
    describe(program, session);
    refuseRepeats(program);
    program.hook("preAction", () => listening);
    await parse(program);
    Deno.exit(status.success);
  } catch (error) {
    progress.stop();
    if (signal.aborted && error === signal.reason) {
      console.error(["Interrupted.", session.kept].filter(Boolean).join(" "));
      Deno.exit(status.interrupted);
    }
    Deno.exit(report(error));
  }
}

/**
 * Refuses an option that is given twice, of which commander would take the last without a word. Those
 * gather values whose parser takes the values before as well.
 */
function refuseRepeats(program: Command): void {
  for (const option of program.options) {
    const { parseArg: parse = (text: string) => text } = option;
    if (option.isBoolean() || parse.length > 1) continue;
    option.argParser((text: string, before) => {
      const isFirst = program.getOptionValueSource(option.attributeName()) !== "cli";
      require(isFirst, "read the command line", `${option.long} must be given once`, text);
      return parse(text, before);
    });
  }
}

/** Runs the action; a wrong option is complained about before a missing one. */
async function parse(program: Command): Promise<void> {
  try {
    await program.parseAsync(Deno.args, { from: "user" });
  } catch (error) {
    const isMissing = error instanceof CommanderError &&
      error.code === "commander.missingMandatoryOptionValue";
    if (!isMissing) throw error;
    for (const option of program.options) option.makeOptionMandatory(false);
    program.action(() => {}).parse(Deno.args, { from: "user" });
    throw error;
  }
}

/** Prints an error and returns the exit status that it calls for. */
function report(error: unknown): number {
  if (error instanceof CommanderError && error.exitCode === 0) return status.success;
  if (error instanceof Deno.errors.BrokenPipe) return status.success; // the reader has seen enough
  if (error instanceof InputError) {
    for (const problem of error.problems) console.error(problem);
    return status.badInput;
  }
  const message = printable(error instanceof Error ? error.message : String(error));
  if (refusedOutput.test(message)) {
    const found = JSON.stringify(message);
    console.error(`Cannot write to standard output: the system must allow it, got ${found}`);
    return status.badInput;
  }
  if (badInput.some((kind) => error instanceof kind)) {
    console.error(message.replace(withheld, withheldLine));
    return status.badInput;
  }
  console.error(`Internal error: ${message} (please report)`);
  if (Deno.env.get("AGILE_QUANT_DEBUG") === "1") console.error(error);
  return status.defect;
}

/** Prints what is no error but worth knowing, on standard error. */
export function printWarnings(warnings: readonly string[] = []): void {
  for (const warning of warnings) console.error(`Warning: ${warning}`);
}

/** What the system says of a stream that it does not take, which has no path: files are `lib/io`'s matter. */
const refusedOutput = /^[^:]+ \(os error \d+\)$/;

/** What Deno says of what the permissions of a command leave out, and what to do about it, which is not meant here. */
const withheld = /^Requires (\w+) access to (.+), run again with .*$/;

const withheldLine = "Cannot get $1 access to $2: deno.json must permit it to this command";

/** What else than an {@linkcode InputError} is no defect. */
const badInput = [CommanderError, Deno.errors.NotCapable];

/** Parses the value of an option that is an integer, in low..high where these are given. */
export function integerOption(flag: string, low = -Infinity, high = Infinity) {
  return rangedOption(flag, "an integer", /^-?\d+$/, Number.isSafeInteger, low, high);
}

/** How numbers are written: in decimal digits. */
const decimal = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Parses the value of an option that is a number in low..high. */
export function numberOption(flag: string, low: number, high = Infinity) {
  return rangedOption(flag, "a number", decimal, Number.isFinite, low, high);
}

/** The number that a text is in decimal digits; NaN where it is none. */
export function decimalNumber(text: string): number {
  return decimal.test(text) ? Number(text) : NaN;
}

function rangedOption(
  flag: string,
  kind: string,
  form: RegExp,
  holds: (value: number) => boolean,
  low: number,
  high: number,
) {
  const range = high < Infinity
    ? ` in ${low}..${high}`
    : low > -Infinity
    ? ` of ${low} or more`
    : "";
  return (text: string): number => {
    const value = Number(text);
    const fits = form.test(text) && holds(value) && value >= low && value <= high;
    require(fits, "read the command line", `${flag} must be ${kind}${range}`, text);
    return value;
  };
}

/** Parses the value of an option that is a path, as {@linkcode typedPath} reads it. */
export function pathOption(flag: string) {
  return (path: string): string => {
    require(path !== "", "read the command line", `${flag} must name a file or folder`, path);
    return typedPath(path);
  };
}

/** Whether there is a file or folder, before anything can be awaited. */
export function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Parses the value of an option that is one of a few words. */
export function choiceOption<Choice extends string>(flag: string, choices: readonly Choice[]) {
  const rule = `${flag} must be ${choices.join(" or ")}`;
  return (text: string): Choice =>
    choices.find((choice) => choice === text) ?? refuse("read the command line", rule, text);
}

/**
 * An argument that may be given several times, each time one of a few words; each word counts once.
 *
 * @param name What the help calls it: `families`.
 */
export function choicesArgument<Choice extends string>(
  name: string,
  description: string,
  choices: readonly Choice[],
): Argument {
  const parse = choiceOption(name, choices);
  return new Argument(`[${name}...]`, `${description} (of ${choices.join(", ")})`)
    .argParser((text: string, before: Choice[] = []) => [...new Set([...before, parse(text)])]);
}

/** Parses the value of an option that is a comma-separated list, each item by `parse`. */
export function listOption<Item>(
  flag: string,
  parse: (text: string) => Item,
): (text: string) => Item[] {
  return (text) => {
    const items = text.split(",").map((item) => item.trim());
    const complete = !items.includes("");
    require(complete, "read the command line", `${flag} must be items and commas`, text);
    return items.map(parse);
  };
}
