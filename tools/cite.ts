/** `deno task cite`: gives numbers in prose the values of the records that they cite. */
import { counted } from "../lib/core/mod.ts";
import { readText, writeAtomically } from "../lib/io/mod.ts";
import { citationsOf } from "../lib/report/mod.ts";
import { citedPage, citingPages } from "./cited_pages.ts";
import { main } from "./command_line.ts";

await main((program) =>
  program.name("cite")
    .description(
      `Brings the numbers of ${citingPages.join(" and ")} up to the records they link to.`,
    )
    .action(run)
);

async function run(): Promise<void> {
  for (const page of citingPages) {
    const [before, after] = [await readText(page), await citedPage(".", page)];
    const count = counted(citationsOf(after).length, "citation");
    if (after !== before) await writeAtomically(page, after);
    console.log(`${page}: ${count}${after === before ? "" : ", brought up to the records"}`);
  }
}
