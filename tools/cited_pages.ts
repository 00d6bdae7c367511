import { normalize } from "node:path";
import { readRecord } from "../experiments/result/result_record.ts";
import { InputError } from "../lib/core/mod.ts";
import { isObject, readText } from "../lib/io/mod.ts";
import { cite } from "../lib/report/mod.ts";

/** Pages that cite records. */
export const citingPages = ["README.md", "docs/findings.md", "docs/methods.md"];

/** What makes the records that they cite anew. */
const writer = "deno task reproduce, figures or bench";

/**
 * A page as its records have it.
 *
 * @param root The folder of the project.
 * @param page Its path from there.
 * @throws {InputError} If a record cannot be read, or has not what the page cites; the message names both.
 */
export async function citedPage(root: string, page: string): Promise<string> {
  const text = await readText(`${root}/${page}`);
  const folder = page.split("/").slice(0, -1).map((part) => `${part}/`).join("");
  try {
    return await cite(
      text,
      (file) => readRecord(normalize(`${root}/${folder}${file}`), writer, isObject),
    );
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(...error.problems.map((problem) => `${page}: ${problem}`));
  }
}
