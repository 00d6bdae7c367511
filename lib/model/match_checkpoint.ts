import { printable, refuse, require } from "../core/mod.ts";
import { blockTypes, sameMatrix } from "../format/mod.ts";
import type { Checkpoint } from "../io/mod.ts";
import type { Architecture } from "./architecture.ts";
import { type StoredTensor, storedTensors } from "./checkpoint_layout.ts";
import { families } from "./families.ts";
import type { Family } from "./family.ts";
import { describeUnread } from "./unread.ts";

/** What tensors of floats, and of a GGUF file, may be stored in. */
const readTypes = ["F32", "F16", "BF16", "F64", ...Object.keys(blockTypes)];

/** How a checkpoint holds the parameters of a model. */
export interface Match {
  /** As configured, but with a head of its own if the checkpoint has one that is not the embedding. */
  architecture: Architecture;
  /** What to read, each under the name that it has here. */
  stored: StoredTensor[];
  /** What the checkpoint and its configuration do not agree in. */
  warnings: string[];
}

/**
 * Finds the parameters of a configured model in a checkpoint. Nothing is made as large as the
 * configuration says before the checkpoint turns out to be as large.
 *
 * A head tied to the embedding may be stored under either name or under both. If both are there and
 * differ, the head is used as stored, as Transformers 5 does.
 *
 * @param settings The file of the configuration.
 * @throws {InputError} If a tensor is missing, has another shape than the configuration says or is of a type
 *   that is not read. The message names it.
 */
export async function matchCheckpoint(
  checkpoint: Checkpoint,
  configured: Architecture,
  settings = `${checkpoint.path}/config.json`,
): Promise<Match> {
  const family = families[configured.family];
  const { path, tensors } = checkpoint;
  const warnings: string[] = [];
  const prefix = findPrefix(checkpoint, family);
  const layers = countLayers(checkpoint, prefix + family.names.layers);
  const rule = `it must not be configured with more layers than it has, ${layers}`;
  require(configured.layers <= layers, `load ${path}`, rule, configured.layers);
  if (configured.layers < layers) {
    const share = `${configured.layers} of the checkpoint's ${layers} layers`;
    warnings.push(`${settings} has ${share}: the model runs without the others.`);
  }

  const embedding = `${prefix}${family.names.outer.embedding}.weight`;
  const head = `${family.names.outer.head}.weight`;
  const bothStored = tensors.has(embedding) && tensors.has(head);
  const architecture = { ...configured };
  if (bothStored && configured.tiedHead && !await isTied(checkpoint, configured, embedding, head)) {
    architecture.tiedHead = false;
    const difference = `ties the head to the embedding, but ${head} differs from ${embedding}`;
    warnings.push(`${settings} ${difference}: the head is used as stored.`);
  }
  const isUnderHead = architecture.tiedHead && !tensors.has(embedding) && tensors.has(head);
  const stored = storedTensors(family, architecture, prefix)
    .map((each) => isUnderHead && each.name === embedding ? { ...each, name: head } : each);
  for (const tensor of stored) checkTensor(checkpoint, tensor);

  const read = new Set(stored.map(({ name }) => name));
  if (architecture.tiedHead) read.add(head);
  const unread = [...tensors.keys(), ...checkpoint.unlisted]
    .filter((name) => !read.has(name) && !family.names.unused?.test(name));
  if (unread.length > 0) warnings.push(describeUnread(unread, path));
  return { architecture, stored, warnings: warnings.map(printable) };
}

/** What this checkpoint puts in front of its names. */
function findPrefix({ path, tensors }: Checkpoint, family: Family): string {
  const { prefixes, outer, layers } = family.names;
  const hasPrefix = (prefix: string) =>
    tensors.keys().some((name) =>
      name.startsWith(`${prefix}${outer.embedding}.`) || name.startsWith(`${prefix}${layers}0.`)
    );
  const rule = `it must have a tensor ${prefixes[0]}${outer.embedding}.weight`;
  return prefixes.find(hasPrefix) ?? refuse(`load ${path}`, rule);
}

/** How many layers have tensors. */
function countLayers({ tensors }: Checkpoint, layersPrefix: string): number {
  const numbers = tensors.keys().filter((name) => name.startsWith(layersPrefix))
    .map((name) => name.slice(layersPrefix.length).split(".", 1)[0]);
  return new Set(numbers).size;
}

/** Whether the head's tensor holds the numbers of the embedding's, both in the shape to expect. */
async function isTied(
  checkpoint: Checkpoint,
  { vocabularySize, embeddingSize }: Architecture,
  ...names: [embedding: string, head: string]
): Promise<boolean> {
  const isExpected = (name: string) => {
    const { shape, readable } = checkpoint.tensors.get(name)!;
    return shape.join() === `${vocabularySize},${embeddingSize}` && readable;
  };
  if (!names.every(isExpected)) return false;
  const [embedding, head] = await Promise.all(names.map((name) => checkpoint.readMatrix(name)));
  return sameMatrix(embedding, head);
}

function checkTensor({ path, tensors }: Checkpoint, { name, shape }: StoredTensor): void {
  const action = `load ${path}`;
  const found = tensors.get(name);
  if (found === undefined) {
    const packed = name.replace(/weight$/, "qweight");
    const instead = `${packed} without quantization_config in config.json`;
    const rule = `tensor ${name} must have shape [${shape}]`;
    refuse(action, rule, tensors.has(packed) ? instead : "no such tensor");
  }
  const rule = `tensor ${name} must have shape [${shape}]`;
  require(found.shape.join() === shape.join(), action, rule, found.shape);
  const types = `must be of one of the types ${readTypes.join(" ")}`;
  require(found.readable, action, `tensor ${name} ${types}`, found.dtype);
}
