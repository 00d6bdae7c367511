import { datasetReaders } from "./dataset_readers.ts";
import type { Reader } from "./fuzz_reader.ts";
import { hubReaders } from "./hub_readers.ts";
import { modelReaders } from "./model_readers.ts";
import { optionReaders } from "./option_readers.ts";
import { recordReaders } from "./record_readers.ts";
import { tokenizerReaders } from "./tokenizer_readers.ts";
import { weightReaders } from "./weight_readers.ts";

/** Whatever reads a file, or what a user types, by what the files are. */
export const readers: Readonly<Record<string, Reader>> = {
  ...weightReaders,
  ...modelReaders,
  ...tokenizerReaders,
  ...datasetReaders,
  ...recordReaders,
  ...optionReaders,
  ...hubReaders,
};
