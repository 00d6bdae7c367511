import type { HubRepository } from "../../lib/io/mod.ts";

/** How a data set's rows become what a model reads (GPTQ, datautils.py). */
export type Cut =
  /** One text: the rows, or the first of them, with something between; of it so many windows at most. */
  | { kind: "joined"; separator: string; rows?: number; windows?: number }
  /**
   * Windows of rows drawn at random, where those too short are drawn again. How many, and by which seed, is
   * fixed for tests, and for calibration a matter of the run.
   */
  | { kind: "drawn"; windows?: number; seed?: number };

/** A file of a data set and what is made of it. */
export interface DatasetPart {
  /** Within the repository. */
  file: string;
  cut: Cut;
}

/** A data set of the hub as the literature of quantization uses it. */
export interface Dataset {
  repository: HubRepository;
  /** The column with the texts. */
  column: string;
  /** What is measured on. */
  test: DatasetPart;
  /** What is calibrated on. */
  train: DatasetPart;
}

const main = { kind: "dataset", revision: "main" } as const;

const blankLine: Cut = { kind: "joined", separator: "\n\n" };
const space: Cut = { kind: "joined", separator: " " };

const wikitext = (split: string): DatasetPart => ({
  file: `wikitext-2-raw-v1/${split}-00000-of-00001.parquet`,
  cut: blankLine,
});

const treebank = {
  // Its main branch is a script; the hub has made files of what that gives.
  repository: { ...main, name: "ptb-text-only/ptb_text_only", revision: "refs/convert/parquet" },
  column: "sentence",
};

const treebankPart = (split: string, cut: Cut): DatasetPart => ({
  file: `penn_treebank/${split}/0000.parquet`,
  cut,
});

const c4 = {
  repository: { ...main, name: "allenai/c4" },
  column: "text",
  train: { file: "en/c4-train.00000-of-01024.json.gz", cut: { kind: "drawn" } },
} as const;

const c4Test = "en/c4-validation.00000-of-00008.json.gz";

/** The data sets by the names that GPTQ's command line has for them. */
export const datasets = {
  "wikitext2": {
    repository: { ...main, name: "Salesforce/wikitext" },
    column: "text",
    test: wikitext("test"),
    train: wikitext("train"),
  },
  "ptb": {
    ...treebank,
    test: treebankPart("validation", blankLine),
    train: treebankPart("train", blankLine),
  },
  "ptb-new": {
    ...treebank,
    test: treebankPart("test", space),
    train: treebankPart("train", space),
  },
  "c4": { ...c4, test: { file: c4Test, cut: { kind: "drawn", windows: 256, seed: 0 } } },
  "c4-new": {
    ...c4,
    test: { file: c4Test, cut: { kind: "joined", separator: " ", rows: 1100, windows: 256 } },
  },
} satisfies Record<string, Dataset>;

/** A data set that is known by name. */
export type DatasetName = keyof typeof datasets;

/** What a data set is used for. */
export type DatasetSplit = "test" | "train";

/** Their names, as help texts list them. */
export const datasetNames = Object.keys(datasets) as DatasetName[];
