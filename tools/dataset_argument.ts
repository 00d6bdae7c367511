import {
  type Dataset,
  type DatasetName,
  datasetNames,
  datasets,
  type DatasetSplit,
} from "../experiments/measure/datasets.ts";
import type { TokenSource } from "../experiments/measure/token_source.ts";
import { refuse } from "../lib/core/mod.ts";
import { downloadFiles, hasFiles, planFiles } from "../lib/io/mod.ts";
import { isThere, pathOption } from "./command_line.ts";
import { fromHub, type HubOptions, type Wanted } from "./from_hub.ts";

/** A data set as a command line names it: one that is known by name, or a file. */
export type DatasetArgument = { dataset: DatasetName } | { path: string };

/** Parses the value of an option that is a data set: a file that exists, or else a known name. */
export function datasetOption(flag: string): (text: string) => DatasetArgument {
  const parse = pathOption(flag);
  const rule = `${flag} must be a file or one of ${datasetNames.join(", ")}`;
  return (text) => {
    const path = parse(text);
    if (isThere(path)) return { path };
    const dataset = datasetNames.find((name) => name === text);
    return dataset === undefined ? refuse("read the command line", rule, text) : { dataset };
  };
}

/**
 * A part of a known data set; it is looked for as {@linkcode fromHub} says.
 *
 * @throws {InputError} If it cannot be had.
 */
export async function findPart(
  dataset: DatasetName,
  split: DatasetSplit,
  options: HubOptions,
): Promise<TokenSource> {
  const wanted = wantedParts(dataset, [split]);
  const path = `${await fromHub(wanted, options)}/${datasets[dataset][split].file}`;
  return { kind: "dataset", dataset, split, path };
}

/** What is wanted of the repository of a data set. */
export function wantedParts(name: DatasetName, splits: readonly DatasetSplit[]): Wanted {
  const { repository, ...parts }: Dataset = datasets[name];
  const files = splits.map((split) => parts[split].file);
  return {
    repository,
    isWhole: (folder) => hasFiles(folder, files),
    download: (hub, options) => downloadFiles(hub, repository, files, options),
    plan: (hub, options) => planFiles(hub, repository, files, options),
    name: [name, ...splits].join(" "),
    otherwise: "a file",
    request: `--dataset ${name}`,
  };
}
