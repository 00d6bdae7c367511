import { InputError, isVerdict, refuse, require } from "../core/mod.ts";

/**
 * A number or a verdict in prose with the place in a record that it was taken from: a link of Markdown to
 * a file of JSON, whose fragment is a path through it.
 *
 * ```text
 * [3.84 [3.71, 3.97]](results/table1.json#cells/row=fp16/result/survivors/perplexity)
 * ```
 */
export interface Citation {
  /** What the reader sees. */
  text: string;
  /** The record, relative to the page. */
  file: string;
  /** From the root of the record: names of properties, or `name=value` for the item of a list that has it. */
  path: string[];
}

/** Text in brackets, which may hold one more pair of them, and the link behind. */
const link = /\[((?:[^[\]]|\[[^[\]]*\])+)\]\(([^()\s#]+\.json)#([^()\s]+)\)/g;

/** The citations of a page, in order. */
export function citationsOf(page: string): Citation[] {
  return [...page.matchAll(link)].map(citation);
}

/**
 * The page as its records have it: each number rounded to the digits with which it is printed, each verdict
 * replaced. What holds on every other word is for its writer to see.
 *
 * @param read The content of a record by its file.
 * @throws {InputError} If a record has nothing that can be cited at a path, or does not hold the words; the
 *   message names the link.
 */
export async function cite(
  page: string,
  read: (file: string) => Promise<unknown>,
): Promise<string> {
  const parts: string[] = [];
  let end = 0;
  for (const match of page.matchAll(link)) {
    const { text, file, path } = citation(match);
    const record = await read(file);
    parts.push(
      page.slice(end, match.index + 1),
      naming(`${file}#${path.join("/")}`, () => asRecorded(text, valueAt(record, path))),
    );
    end = match.index + 1 + text.length;
  }
  return parts.join("") + page.slice(end);
}

/** What `work` gives; what it refuses is of a link. */
function naming<Value>(link: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(...error.problems.map((problem) => `${link}: ${problem}`));
  }
}

function citation([, text, file, fragment]: RegExpMatchArray): Citation {
  return { text, file, path: fragment.split("/").map(decoded) };
}

/** A step of a path without what an address escapes; as it is where that is no escape. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

/**
 * What a record has at a path.
 *
 * @throws {InputError} If there is nothing, or a list has several such items.
 */
export function valueAt(record: unknown, path: readonly string[]): unknown {
  return path.reduce((value, step, index) => {
    const there = path.slice(0, index + 1).join("/");
    const found = Array.isArray(value) && step.includes("=")
      ? value.filter((item) => hasAll(item, step))
      : [(value as Record<string, unknown> | null | undefined)?.[step]];
    const [first] = found;
    require(first !== undefined, "cite", `the record must have ${there}`);
    require(found.length === 1, "cite", `the record must have one ${there}`, found.length);
    return first;
  }, record);
}

/** Whether an item has all of `name=value&name=value`. */
function hasAll(item: unknown, conditions: string): boolean {
  return conditions.split("&").every((condition) => {
    const [name, ...rest] = condition.split("=");
    const value = (item as Record<string, unknown> | null)?.[name];
    return (typeof value !== "object" || value === null) && String(value) === rest.join("=");
  });
}

/**
 * A text with what a record has in the place of its numbers, which may be percents: of one that is cited
 * with its interval value, low and high in this order. Of words a verdict is replaced, and others must be
 * among those of the record.
 *
 * @throws {InputError} If the record has no such thing.
 */
export function asRecorded(text: string, value: unknown): string {
  if (typeof value === "string") {
    if (isVerdict(value)) return value;
    require(value.includes(text), "cite", `the record must say "${text}"`, value);
    return text;
  }
  const figures = figuresOf(value) ?? refuse("cite", "a record must have a number", value);
  const left = [...figures];
  return text.replaceAll(/-?\d+(?:\.(\d+))?(\s*%)?/g, (_, decimals = "", percent = "") => {
    const next = left.shift() ??
      refuse("cite", `"${text}" must have as many numbers as the record`, figures.length);
    return `${(percent ? 100 * next : next).toFixed(decimals.length)}${percent}`;
  });
}

/** A number, or those of an estimate. */
function figuresOf(value: unknown): number[] | undefined {
  const figures = typeof value === "object" && value !== null
    ? ["value", "low", "high"].flatMap((name) => (value as Record<string, unknown>)[name] ?? [])
    : [value];
  const isNumber = (figure: unknown) => typeof figure === "number";
  return figures.length > 0 && figures.every(isNumber) ? figures : undefined;
}
