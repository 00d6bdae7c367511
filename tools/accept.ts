/** `deno task accept`: takes the published tables of the bundled models as the new expectations. */
import { isBundled } from "../experiments/measure/bundled.ts";
import { acceptCells, replaceTables } from "../experiments/tables/expectations.ts";
import { readMeasuredTable } from "../experiments/tables/measured_table.ts";
import { familyTables } from "../experiments/tables/family_tables.ts";
import { counted, encodeJson } from "../lib/core/mod.ts";
import { prepareFolder, writeAtomically } from "../lib/io/mod.ts";
import { integerOption, listOption, main } from "./command_line.ts";

/** The tables that bundled models are in. */
const bundled = familyTables.filter(({ family }) => isBundled(family))
  .map(({ number }) => number);

const folder = "experiments/tables/expected";

await main((program) =>
  program.name("accept")
    .description(
      'Takes what "deno task reproduce" wrote to results/ for the bundled models as what is ' +
        "expected of them.",
    )
    .option(
      "--table <list>",
      "which tables, such as 1,3",
      listOption("--table", integerOption("--table", 1, Math.max(...bundled))),
      bundled,
    )
    .action(run)
);

async function run({ table: numbers }: { table: number[] }): Promise<void> {
  await prepareFolder(folder);
  const tables = await Promise.all(
    numbers.map((number) => readMeasuredTable("results", number)),
  );
  const accepted = acceptCells(tables.flatMap(({ cells }) => cells));
  const path = `${folder}/perplexities.json`;
  await writeAtomically(path, `${encodeJson(replaceTables(numbers, accepted), 2)}\n`);
  console.log(`${path}: ${counted(Object.keys(accepted).length, "cell")} accepted.`);
}
