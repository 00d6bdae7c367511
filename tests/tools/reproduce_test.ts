import { assertEquals, assertStringIncludes } from "@std/assert";
import { familyTables } from "../../experiments/tables/family_tables.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { runTool } from "./run_tool.ts";

const last = Math.max(...familyTables.map(({ number }) => number));
const own = familyTables.find(({ columns }) => columns.length === 0)!;

for (
  const [args, line] of [
    [
      ["--table", `${last + 1}`],
      "Cannot read the command line: --table must be 1 or 2 or 3 or 4 or 5 or 6 or rivals or formats or " +
      `activation, got "${last + 1}"`,
    ],
    [
      ["--table", `${own.number}`],
      `Cannot reproduce tables: --model must name a model of their families, got "${own.family}"`,
    ],
    [
      ["--table", "1,"],
      'Cannot read the command line: --table must be items and commas, got "1,"',
    ],
    [
      ["--model", "data/models/llama-encyclopedia", "--table", "formats", "--rows", "agileq-4"],
      "Cannot read the command line: --rows must be of these tables: --table 1 or " +
      'rivals or activation has the row, got "agileq-4"',
    ],
    [["--rows", "fp16"], "Cannot read the command line: --rows must come with --model"],
    [
      ["--model", "data/models/llama-encyclopedia", "--table", "4"],
      "Cannot show table 4 of models/llama-encyclopedia: " +
      '"deno task bench block" must have measured its shape',
    ],
    [["--model", "nowhere"], "Cannot load nowhere: the folder must exist"],
  ] as const
) {
  Deno.test(`reproduce answers ${args.join(" ")} with one line and status 2`, async () => {
    assertEquals(await runTool("reproduce", "reproduce", ...args), { code: 2, out: "", err: line });
  });
}

Deno.test("reproduce --rows refuses, before it measures, to replace a table that it cannot read", () =>
  withFolder(async (out) => {
    const path = `${out}/table1.json`;
    await Deno.writeTextFile(path, "{}");
    const model = ["--model", "data/models/llama-encyclopedia"];
    const args = [...model, "--table", "1", "--rows", "fp16", "--out", out];
    const { code, err } = await runTool("reproduce", "reproduce", ...args);
    assertEquals([code, err.split("\n").length], [2, 1]);
    assertStringIncludes(err, `Cannot read ${path}: `);
    assertEquals(await Deno.readTextFile(path), "{}");
  }));

Deno.test("reproduce --rows leaves a table alone whose rows were measured otherwise", () =>
  withFolder(async (out) => {
    const bundled = await Deno.readTextFile("results/table1.json");
    await Deno.writeTextFile(`${out}/table1.json`, bundled);
    const model = ["--model", "data/models/llama-encyclopedia", "--windows", "2"];
    const args = [...model, "--table", "1", "--rows", "fp16", "--out", out];
    const { code, err } = await runTool("reproduce", "reproduce", ...args);
    assertEquals(code, 2);
    assertStringIncludes(
      err,
      `Cannot add rows to ${out}/table1.json: its rows must be of the same`,
    );
    assertEquals(await Deno.readTextFile(`${out}/table1.json`), bundled);
  }));

Deno.test("reproduce --execute integer writes to the folder integer, also of --out", () =>
  withFolder(async (out) => {
    await Deno.writeTextFile(`${out}/integer`, "a file where the folder would be");
    const args = ["--table", "4", "--execute", "integer", "--out", out];
    const { code, err } = await runTool("reproduce", "reproduce", ...args);
    assertEquals([code, err.split("\n").length], [2, 1]);
    assertStringIncludes(err, `Cannot write to ${out}/integer: `);
  }));
