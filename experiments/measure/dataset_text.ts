import { sha256 } from "../../lib/core/mod.ts";
import { drawWindowsOfTexts } from "../../lib/eval/mod.ts";
import {
  hashFile,
  type HubOrigin,
  hubOrigin,
  joinRows,
  readRows,
  type Tokenizer,
} from "../../lib/io/mod.ts";
import type { StartToken } from "../../lib/model/mod.ts";
import { type PublishedCount, publishedCount } from "./published_counts.ts";
import { type Dataset, type DatasetName, datasets, type DatasetSplit } from "./datasets.ts";

/** A part of a data set in a file, and the data set's name. */
export interface DatasetSource {
  dataset: DatasetName;
  split: DatasetSplit;
  path: string;
}

/** What identifies a part of a data set. */
export interface DatasetFacts {
  dataset: DatasetName;
  split: DatasetSplit;
  /** Of the file. */
  sha256: string;
  /** Where the file comes from, if it lies in the cache of the hub. */
  hub?: HubOrigin;
}

/** Which windows to draw of a data set that is not one text. */
export interface Draw {
  /** Tokens per window, start token included. */
  window: number;
  count: number;
  seed: number;
}

/** A part of a data set as tokens. */
export interface DatasetText {
  /** Without start token or, where windows are drawn, those of all windows. */
  ids: Int32Array;
  /** The windows that are drawn, start tokens included. */
  drawn?: Int32Array[];
  /** Of the text or, where windows are drawn, of the file. */
  sha256: string;
  /** `wikitext2 test` */
  label: string;
  dataset: DatasetFacts;
  published: PublishedCount;
}

/**
 * Reads a part of a data set as GPTQ's reference code does.
 *
 * @param draw Of windows to calibrate on, and how long those are that are tested.
 * @throws {InputError} If the file is not what it should be, or has no row as long as a window.
 */
export async function readDataset(
  { dataset: name, split, path }: DatasetSource,
  tokenizer: Tokenizer,
  startToken: StartToken,
  draw: Draw,
): Promise<DatasetText> {
  const { column, [split]: { cut } }: Dataset = datasets[name];
  const hub = hubOrigin(path);
  const file = { sha256: await hashFile(path), ...hub && { hub } };
  const facts = { label: `${name} ${split}`, dataset: { dataset: name, split, ...file } };
  const { window } = draw;
  if (cut.kind === "joined") {
    const rows = await readRows(path, { column, limit: cut.rows });
    const text = joinRows(rows, cut.separator, path);
    const taken = window - (startToken.place === "window" ? 1 : 0);
    const most = cut.windows === undefined ? undefined : cut.windows * taken;
    const ids = tokenizer.encode(text).subarray(0, most);
    const counted = { dataset: name, split, ids, sha256: await sha256(text) };
    return { ...counted, ...facts, published: publishedCount(counted, tokenizer) };
  }
  const rows = await readRows(path, { column });
  const texts = { length: rows.length, ids: (index: number) => tokenizer.encode(rows.text(index)) };
  const { windows: count = draw.count, seed = draw.seed } = cut;
  const options = { window, startToken, count, seed, label: facts.label };
  const drawn = drawWindowsOfTexts(texts, options);
  const ids = Int32Array.from(drawn.flatMap((each) => Array.from(each)));
  return { ids, drawn, sha256: file.sha256, ...facts, published: { warnings: [] } };
}
