import { modelSummary } from "../../experiments/figures/model_summary.ts";
import { readBenchRecord } from "../../experiments/result/bench_record.ts";
import { readMeasuredTable } from "../../experiments/tables/measured_table.ts";
import { judgeSpeed, table4, table4Rows } from "../../experiments/tables/table4.ts";
import { encodeJson } from "../../lib/core/mod.ts";
import { toText } from "../../lib/report/mod.ts";
import {
  cellKey,
  type CellSpec,
  failureOf,
  here,
  recordOf,
  runCells,
} from "../../lib/sweep/mod.ts";
import { SweepFolder } from "../batch/sweep_folder.ts";
import { fileCellStore } from "../cell_store.ts";
import { citedPage } from "../cited_pages.ts";
import { lockedPackages, readLock } from "../locked_packages.ts";
import { complaintsAbout, formatNotebook, readNotebook, stripNotebook } from "../notebook.ts";
import { withoutPlotly } from "../notebook_page.ts";
import { reportPage } from "../report_page.ts";
import { changedJson } from "./changed_json.ts";
import { costTable, FuzzLog } from "./fuzz_log.ts";
import type { Reader } from "./fuzz_reader.ts";
import { changedBytes } from "./mutations.ts";
import { sampleBenchRecord, sampleFigure, sampleNotebook, sampleTable } from "./samples.ts";

const cell: CellSpec = {
  ...{ id: "opt/fp16", experiment: "evaluate", model: { folder: "opt" } },
  config: { bits: [4, 8], window: null },
};
const executor = here(() => Promise.resolve([1.5, Infinity]));
const fingerprint = "code";
const storedRecord = () => recordOf(cell, fingerprint, [1.5, Infinity]);

/** What reads the tools' own records and notebooks. */
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
  "figure 1": summaryReader("figure1"),
  outliers: summaryReader("outliers"),
  "bench record": {
    file: "block.json",
    prepare: () => changedJson(sampleBenchRecord),
    async read(folder) {
      const record = await readBenchRecord("block", folder);
      toText(table4(record));
      judgeSpeed(table4Rows(record));
    },
  },
  cell: {
    file: `${await cellKey(cell, fingerprint)}.json`,
    prepare: async () => changedJson(JSON.parse(encodeJson(await storedRecord()))),
    read: (folder) => runCells([cell], { executor, store: fileCellStore(folder), fingerprint }),
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
  "sweep plan": sweepReader("plan.json", {
    fingerprint: "f",
    sources: "s",
    tasks: [[], [{ key: "k", cell }, { key: "l", cell: { ...cell, label: "other" } }]],
  }),
  "sweep failure": sweepReader(
    "failures/k.json",
    { event: "refusal", id: "opt/fp16", problems: ["Cannot measure"] },
    { event: "defect", id: "opt/fp16", name: "TypeError", message: "no", stack: "at a" },
  ),
  lock: {
    file: "deno.lock",
    prepare: () => changedJson(sampleLock),
    async read(folder) {
      lockedPackages(["commander", "npm:a@1"], await readLock(`${folder}/deno.lock`), imports);
    },
    called: ["deno.lock"],
  },
  "fuzz log": {
    file: "tried.json",
    prepare: () => changedJson(sampleTried),
    async read(folder) {
      const log = await FuzzLog.open(`${folder}/tried.json`);
      toText(costTable(log.tried));
    },
  },
  page: {
    file: "README.md",
    called: ["README.md"],
    async prepare(folder) {
      await Deno.writeTextFile(`${folder}/a.json`, JSON.stringify(sampleCited));
      return changedBytes(new TextEncoder().encode(samplePage));
    },
    read: (folder) => citedPage(folder, "README.md"),
  },
  "cited record": {
    file: "a.json",
    called: ["a.json"],
    async prepare(folder) {
      await Deno.writeTextFile(`${folder}/README.md`, samplePage);
      return changedJson(sampleCited);
    },
    read: (folder) => citedPage(folder, "README.md"),
  },
};

/** A file of a sweep beside none of the others; one that is not whole counts as none. */
function sweepReader(file: string, ...samples: unknown[]): Reader {
  return {
    file,
    async prepare(folder) {
      await Deno.mkdir(`${folder}/failures`);
      return changedJson(...samples);
    },
    async read(folder) {
      const sweep = new SweepFolder(folder);
      for (const { cell } of (await sweep.plan())?.tasks.flat() ?? []) sweep.logOf(cell);
      for (const failure of (await sweep.failures()).values()) failureOf(failure);
    },
  };
}

const imports = { commander: "npm:commander@15.1.0" };

/** Packages that depend on each other. */
const sampleLock = {
  version: "5",
  specifiers: { "npm:commander@15.1.0": "15.1.0", "npm:a@1": "1.2.0_commander@15.1.0" },
  npm: {
    "commander@15.1.0": { integrity: "sha512-a" },
    "a@1.2.0_commander@15.1.0": {
      integrity: "sha512-b",
      dependencies: ["commander", "b@2.0.0"],
      optionalDependencies: ["b@2.0.0"],
    },
    "b@2.0.0": { integrity: "sha512-c" },
  },
};

const sampleTried = [{
  ...{ reader: "gguf", seed: 1, runs: 10, inputs: 10, accepted: 3 },
  cost: { making: 0.5, writing: 0.25, reading: 1 },
  failure: { complaint: "threw", path: "fuzz/gguf.1.input" },
}];

/** A number with an interval, a percentage, a verdict and words with their places in a record. */
const samplePage = `# Title
[3.84 [3.71, 3.97]](a.json#cells/row=fp16&bits=8/value), [12.5 %](a.json#share),
[reproduced](a.json#claims/0/verdict) and [some words](a.json#words%20of%20it) [text](b.md#c).
`;
const sampleCited = {
  cells: [{ row: "fp16", bits: 8, value: { value: 3.84, low: 3.71, high: 3.97 } }, { row: "rtn4" }],
  share: 0.125,
  claims: [{ verdict: "reproduced" }],
  "words of it": "these are some words",
};

/**
 * Reads one of the two records of figures that a model's page opens with, beside the other.
 *
 * @param name The one that is changed.
 */
function summaryReader(name: "figure1" | "outliers"): Reader {
  return {
    file: `figures/${name}-sample.json`,
    async prepare(folder) {
      await Deno.mkdir(`${folder}/figures`, { recursive: true });
      const records = await Promise.all(["figure1", "outliers"].map(async (each) => {
        const text = await Deno.readTextFile(`results/figures/${each}.json`);
        const record = JSON.parse(text);
        const { data } = record;
        const first = each === "figure1" ? { models: data.models.slice(0, 1) } : data.slice(0, 1);
        const short = { ...record, spec: { data: [], layout: {} }, data: first };
        await Deno.writeTextFile(`${folder}/figures/${each}-sample.json`, JSON.stringify(short));
        return [each, short] as const;
      }));
      return changedJson(Object.fromEntries(records)[name]);
    },
    read: (folder) => modelSummary(folder),
  };
}
