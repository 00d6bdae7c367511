import { assertEquals } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { citedPage } from "../../tools/cited_pages.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** What becomes of a page in a folder of its own, beside a record of these words; `ROOT` is that folder. */
async function cited(page: string, record?: string): Promise<string> {
  let outcome = "";
  await withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/docs`);
    await Deno.writeTextFile(`${folder}/docs/page.md`, page);
    if (record !== undefined) await Deno.writeTextFile(`${folder}/table.json`, record);
    outcome = await citedPage(folder, "docs/page.md").catch((error) => {
      if (error instanceof InputError) return error.message.replaceAll(folder, "ROOT");
      throw error;
    });
  });
  return outcome;
}

const page = "[1.0](../table.json#cells/0/value)";

Deno.test("citedPage() has the numbers of records beside the page", async () => {
  assertEquals(await cited(page, '{ "cells": [{ "value": 2.04 }] }'), page.replace("1.0", "2.0"));
  const infinite = '{ "cells": [{ "value": "Infinity" }] }';
  assertEquals(await cited(page, infinite), page.replace("1.0", "Infinity"));
});

for (
  const [what, record, message] of [
    [
      "a record that is not there",
      undefined,
      'Cannot read ROOT/table.json: it must be a record that "deno task reproduce, figures or bench" wrote',
    ],
    [
      "a damaged record",
      "{ bad",
      'Cannot read ROOT/table.json: it must be a record that "deno task reproduce, figures or bench" wrote',
    ],
    [
      "a record that lacks the place",
      '{ "cells": [] }',
      "../table.json#cells/0/value: Cannot cite: the record must have cells/0",
    ],
  ] as const
) {
  Deno.test(`citedPage() refuses ${what} by the page and the record`, async () => {
    assertEquals(await cited(page, record), `docs/page.md: ${message}`);
  });
}
