import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { entriesOf, exists } from "../../lib/io/mod.ts";
import { decodeJson } from "../../lib/core/mod.ts";
import { saveModel } from "../../lib/model/mod.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { randomModel, tinyArchitectures } from "../model/tiny_models.ts";
import { keptFolders } from "../../tools/kept_folders.ts";
import { runTool } from "./run_tool.ts";

for (
  const [args, line] of [
    [
      ["--part", "softmax,sum"],
      "Cannot read the command line: --part must be softmax or powers or steps or firstToken or importance or " +
      'positions, got "sum"',
    ],
    [["--model", "nowhere"], "Cannot load nowhere: the folder must exist"],
    [["--windows", "2"], "Cannot read the command line: --windows must come with --model"],
  ] as const
) {
  Deno.test(`ablations answers ${args.join(" ")} with one line and status 2`, async () => {
    const result = await runTool("ablations", "reproduce", ...args);
    assertEquals(result, { code: 2, out: "", err: line });
  });
}

Deno.test("ablations of a model of one's own writes its table, with verdicts and cells", () =>
  withFolder(async (folder) => {
    await saveModel(await randomModel(tinyArchitectures.llama), `${folder}/tiny`, "F16");
    const run = Date.now(); // no run before has stored rows of this text
    const ids = Array.from(
      { length: 96 },
      (_, i) => (7 * i * i + 3 * i + Math.floor(run / 2 ** (i % 32))) % 50,
    );
    await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify(ids));
    const args = [
      ...["--model", `${folder}/tiny`, "--ids", `${folder}/ids.json`],
      ...["--calibration", `${folder}/ids.json`, "--window", "32"],
      ...["--part", "steps,positions", "--out", `${folder}/out`],
    ];
    const dry = await runTool("ablations", "reproduce", ...args, "--dry-run");
    assertEquals(dry.code, 0, dry.err);
    assertMatch(dry.out, /^Ablations of tiny .*: what rows take\n/);
    assertMatch(dry.out, /\npruned-keep +.* s in all for 3 windows of 32 tokens/s);
    assertEquals(await exists(`${folder}/out/ablations.json`), false);
    const before = await versions();
    const { code, out, err } = await runTool("ablations", "reproduce", ...args);
    assertEquals(code, 0, err);
    assertMatch(out, /steps of each token, dynamic/);
    assertStringIncludes(out, "Measured 4 cells, used 0 measured before.");
    assert(await versions() > before, "quantized weights are kept for the next command");
    const path = `${folder}/out/ablations.json`;
    const record = await readCells(path);
    assertEquals([record.claims.length, record.cells.length], [2, 4]);

    // A row that only the record has: other code measured it.
    const [{ config, ...plain }] = record.cells;
    const activations = {
      ...config.methodSettings.activations,
      softmaxBits: 2,
      softmax: "released",
    };
    const changed = { ...config, methodSettings: { ...config.methodSettings, activations } };
    const row = "softmax-released-2";
    const former = { ...plain, id: `ablations/mine/${row}`, row, config: changed };
    const cells = [...record.cells, former];
    await Deno.writeTextFile(path, JSON.stringify({ ...record, cells }));
    const part = args.map((each) => each === "steps,positions" ? "powers" : each);
    const more = await runTool("ablations", "reproduce", ...part);
    assertEquals(more.code, 0, more.err);
    assertMatch(
      more.out,
      /measured earlier, by the code of commit \S+: softmax in 2 bits, released/,
    );
    const rows = (await readCells(path)).cells.map(({ row }) => row);
    assertEquals(rows.slice(0, 3), ["agileq-8", "softmax-released-2", "powers-0"]);
    assertEquals([rows.length, rows.at(-1)], [11, "pruned-keep"]);

    const other = [...part, "--windows", "2"];
    const { code: refused, err: line } = await runTool("ablations", "reproduce", ...other);
    assertEquals([refused, line.split("\n").at(-1)], [
      2,
      `Cannot add rows to ${folder}/out/ablations.json: its rows must be of the same model, texts, windows, ` +
      'settings and backend, or --out another folder, got "ablations/tiny on ids.json/agileq-8"',
    ]);
  }));

interface Cells {
  claims: unknown[];
  cells: { row: string; config: { methodSettings: { activations: object } } }[];
}

async function readCells(path: string): Promise<Cells> {
  return decodeJson(await Deno.readTextFile(path)) as Cells;
}

/** How many models with quantized weights are kept. */
async function versions(): Promise<number> {
  return (await entriesOf((await keptFolders()).weights!.folder)).length;
}
