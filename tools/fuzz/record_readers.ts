import { Command, CommanderError } from "commander";
import fc from "fast-check";
import { readBenchRecord } from "../../experiments/result/bench_record.ts";
import { readMeasuredTable } from "../../experiments/tables/measured_table.ts";
import { encodeJson } from "../../lib/core/mod.ts";
import { type BitAllocation, linearMapsOf, methods } from "../../lib/methods/mod.ts";
import type { Architecture } from "../../lib/model/mod.ts";
import { cellKey, type CellSpec, here, recordOf, runCells } from "../../lib/sweep/mod.ts";
import { readAllocation } from "../allocate_option.ts";
import { fileCellStore } from "../cell_store.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  numberOption,
  pathOption,
} from "../command_line.ts";
import { complaintsAbout, formatNotebook, readNotebook, stripNotebook } from "../notebook.ts";
import { withoutPlotly } from "../notebook_page.ts";
import { reportPage } from "../report_page.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedJson } from "./mutations.ts";
import {
  sampleArchitectures,
  sampleBenchRecord,
  sampleFigure,
  sampleNotebook,
  sampleTable,
} from "./samples.ts";

const cell: CellSpec = {
  ...{ id: "opt/fp16", experiment: "evaluate", model: { folder: "opt" } },
  config: { bits: [4, 8], window: null },
};
const executor = here(() => Promise.resolve([1.5, Infinity]));
const fingerprint = "code";
const storedRecord = () => recordOf(cell, fingerprint, [1.5, Infinity]);

/** What reads the tools' own records and notebooks, and the command line. */
export const recordReaders: Record<string, Reader> = {
  table: {
    file: "table1.json",
    prepare: () => changedJson(sampleTable),
    async read(folder) {
      await reportPage(folder, "plotly.js");
      await readMeasuredTable(folder, 1);
    },
  },
  figure: {
    file: "figures/figure4.json",
    cost: 100,
    async prepare(folder) {
      await Deno.mkdir(`${folder}/figures`, { recursive: true });
      return changedJson(sampleFigure);
    },
    read: (folder) => reportPage(folder, "plotly.js"),
  },
  "bench record": {
    file: "decode.json",
    prepare: () => changedJson(sampleBenchRecord),
    read: (folder) => readBenchRecord("decode", folder),
  },
  cell: {
    file: `${await cellKey(cell, fingerprint)}.json`,
    prepare: async () => changedJson(JSON.parse(encodeJson(await storedRecord()))),
    read: (folder) => runCells([cell], { executor, store: fileCellStore(folder), fingerprint }),
  },
  allocation: {
    file: "allocation.json",
    prepare: () => changedJson({ allocation: uniformBits(sampleArchitectures.llama, 4) }),
    async read(folder) {
      const options = { allocate: `${folder}/allocation.json` };
      const { llama } = sampleArchitectures;
      (await readAllocation(methods.rtn4, "rtn4", options, llama)).passes(llama);
    },
  },
  notebook: {
    file: "sample.ipynb",
    prepare: () => changedJson(sampleNotebook),
    async read(folder) {
      const notebook = await readNotebook(`${folder}/sample.ipynb`);
      complaintsAbout(withoutPlotly(notebook));
      formatNotebook(stripNotebook(notebook));
    },
  },
  "command line": {
    file: "arguments.txt",
    prepare: () =>
      fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: "binary" })))
        .map((list) => utf8.encode(list.join("\n"))),
    async read(folder) {
      parse((await Deno.readTextFile(`${folder}/arguments.txt`)).split("\n"));
    },
  },
};

const utf8 = new TextEncoder();

/** The same bits for all linear maps. */
function uniformBits(architecture: Architecture, bits: number): BitAllocation {
  const names = linearMapsOf(architecture);
  return Array.from(
    { length: architecture.layers },
    () => Object.fromEntries(names.map((name) => [name, bits])),
  );
}

/** A command line of every kind of option. */
function parse(args: string[]): void {
  const program = new Command().exitOverride().configureOutput({ writeOut() {}, outputError() {} })
    .argument("[names...]")
    .option("--window <tokens>", "", integerOption("--window", 2))
    .option("--beta <share>", "", numberOption("--beta", 0, 1))
    .option("--layers <list>", "", listOption("--layers", integerOption("--layers", 0)))
    .option("--profile <name>", "", choiceOption("--profile", ["paper", "released"]))
    .option("--model <folder>", "", pathOption("--model"))
    .option("--json")
    .action(() => {});
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
}

const flags = ["--window", "--beta", "--layers", "--profile", "--model", "--json", "--help", "--"];
const words = [...flags, "--windo=", "-w", "2048", "1e400", "0x10", "1,,2", "", "paper", "NaN"];
