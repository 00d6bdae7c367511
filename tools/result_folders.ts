import { relative, resolve } from "node:path";
import { namedTables } from "../experiments/tables/named_tables.ts";
import { entriesOf } from "../lib/io/mod.ts";

/** Where the commands write what they measure. */
export const resultFolder = "results";

/** Folders in it that are not about one model of one's own; the last is not kept by git. */
const reserved = ["bench", "figures", "integer", "notebooks", "local"];

/** Whether results in a folder would lie among those of the bundled models. */
export function isAmongBundled(folder: string): boolean {
  const path = relative(resolve(resultFolder), resolve(folder)).replaceAll("\\", "/");
  const [first] = path.split("/");
  return first === "" || (first !== "local" && reserved.includes(first));
}

/** Whether a file has the name of a table that `deno task reproduce`, `ablations`, `training` or `allocate` writes. */
function isTableFile(file: string): boolean {
  return /^(table\d+|ablations|training|allocation)\.json$/.test(file) ||
    namedTables.some(({ key }) => file === `${key}.json`);
}

/** The folders in `folder` with tables or figures of a model that is not bundled, by their names. */
export async function modelFolders(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const { name, isDirectory } of await entriesOf(folder)) {
    if (!isDirectory || name.startsWith(".") || reserved.includes(name)) continue;
    const files = await entriesOf(`${folder}/${name}`);
    if (files.some(({ name: file }) => file === "figures" || isTableFile(file))) found.push(name);
  }
  return found.sort();
}
