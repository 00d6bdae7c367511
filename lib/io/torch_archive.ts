import { counted, refuse, require } from "../core/mod.ts";
import type { FilePieces } from "./file_pieces.ts";
import { longestPickle, readPickle } from "./pickle_reader.ts";
import { readStateDict, torchGlobals, type TorchView } from "./torch_tensors.ts";
import { readZipDirectory, type ZipEntry } from "./zip_directory.ts";

/** The tensors of a file of PyTorch and where their storages lie. */
export interface TorchContents {
  readonly tensors: ReadonlyMap<string, TorchView>;
  /** Of each storage by its key, in bytes from the start of the file. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * Reads what `torch.save` writes since version 1.6: a zip archive of one folder, with the state dict in
 * data.pkl and the storages beside it under `data/KEY`.
 *
 * @throws {InputError} If the archive or its pickle is not valid, it was written on a machine of big-endian
 *   numbers, or a storage is missing or of another size than the pickle says.
 */
export async function readTorchArchive(pieces: FilePieces): Promise<TorchContents> {
  const { path } = pieces;
  const action = `read ${path}`;
  const entries = await readZipDirectory(pieces);
  const pickles = [...entries.keys()].filter((name) => /^[^/]*\/data\.pkl$/.test(name));
  require(pickles.length === 1, action, "its archive must have FOLDER/data.pkl once", pickles);
  const folder = pickles[0].slice(0, -"data.pkl".length);
  await requireLittleEndian(pieces, entries.get(`${folder}byteorder`));
  const { tensors, storages } = await readArchivedPickle(pieces, entries.get(pickles[0])!);
  const places = new Map<string, number>();
  for (const { key, byteLength } of storages.values()) {
    const name = `${folder}data/${key}`;
    const entry = entries.get(name) ?? refuse(action, `its archive must have ${name}`);
    const rule = `${name} must have the ${counted(byteLength, "byte")} of its storage`;
    require(entry.size === byteLength, action, rule, entry.size);
    places.set(key, entry.offset);
  }
  return { tensors, places };
}

async function readArchivedPickle(pieces: FilePieces, { offset, size }: ZipEntry) {
  const { path } = pieces;
  const action = `read ${path}`;
  const rule = `its data.pkl must have at most ${longestPickle} bytes`;
  require(size <= longestPickle, action, rule, size);
  const bytes = await pieces.read(offset, size, action);
  const { value, end } = readPickle(bytes, { path, globals: torchGlobals });
  require(end === size, action, `its data.pkl must end with its pickle, at byte ${end}`, size);
  return readStateDict(value, path, pieces.size);
}

async function requireLittleEndian(pieces: FilePieces, entry?: ZipEntry): Promise<void> {
  if (!entry) return;
  const action = `read ${pieces.path}`;
  const bytes = await pieces.read(entry.offset, Math.min(entry.size, 8), action);
  const order = new TextDecoder().decode(bytes);
  require(order === "little", action, "its byte order must be little", order);
}
