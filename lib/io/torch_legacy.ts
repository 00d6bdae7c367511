import { counted, refuse, require } from "../core/mod.ts";
import type { FilePieces } from "./file_pieces.ts";
import { longestPickle, readPickle } from "./pickle_reader.ts";
import { kindOfPickled, PickledList, type PickledValue } from "./pickled_value.ts";
import type { TorchContents } from "./torch_archive.ts";
import { readStateDict, torchGlobals, type TorchStorage } from "./torch_tensors.ts";

const magic = 0x1950a86a20f9469cfc6cn;
const protocol = 1001;

/** In front of every storage: how many elements it has. */
const countBytes = 8;

/**
 * Reads what `torch.save` wrote before version 1.6: five pickles (a magic number, a protocol, the machine,
 * the state dict, the keys of the storages in their order), and behind them each storage after its length.
 *
 * @throws {InputError} If a pickle is not what it should be, or the storages are not those that the state
 *   dict says.
 */
export async function readTorchLegacy(pieces: FilePieces): Promise<TorchContents> {
  const { path, size } = pieces;
  const action = `read ${path}`;
  const bytes = await pieces.read(0, Math.min(size, longestPickle), action);
  let end = 0;
  const next = (): PickledValue => {
    const pickle = readPickle(bytes, { path, start: end, globals: torchGlobals });
    end = pickle.end;
    return pickle.value;
  };
  require(next() === magic, action, "its first pickle must be the magic number of torch.save");
  const version = next();
  const rule = `its second pickle must be the protocol, ${protocol}`;
  require(version === protocol, action, rule, kindOfPickled(version));
  const machine = next();
  const isLittle = machine instanceof Map && machine.get("little_endian") === true;
  require(isLittle, action, "its third pickle must be of a machine that is little_endian");
  const { tensors, storages } = readStateDict(next(), path, size);
  const keys = next();
  if (!(keys instanceof PickledList)) {
    refuse(action, "its fifth pickle must be the list of storages", kindOfPickled(keys));
  }
  return { tensors, places: await findStorages(pieces, keys.items, storages, end) };
}

/** Where the storages lie, one after the other up to the end of the file. */
async function findStorages(
  pieces: FilePieces,
  keys: readonly PickledValue[],
  storages: ReadonlyMap<string, TorchStorage>,
  start: number,
): Promise<Map<string, number>> {
  const { path, size } = pieces;
  const action = `read ${path}`;
  const places = new Map<string, number>();
  let at = start;
  for (const key of keys) {
    const storage = storages.get(key as string);
    const isNew = storage !== undefined && !places.has(storage.key);
    require(isNew, action, "its storages must be those of its tensors, once", kindOfPickled(key));
    const { byteLength, elementBytes } = storage;
    const place = at + countBytes;
    const within = `storage ${storage.key} must end within the file's ${counted(size, "byte")}`;
    require(place + byteLength <= size, action, within, place + byteLength);
    const { buffer } = await pieces.read(at, countBytes, action);
    const count = new DataView(buffer).getBigInt64(0, true);
    const expected = byteLength / elementBytes;
    const length = `storage ${storage.key} must have the ${
      counted(expected, "element")
    } of its tensors`;
    require(count === BigInt(expected), action, length, count);
    places.set(storage.key, place);
    at = place + byteLength;
  }
  const missing = storages.keys().find((key) => !places.has(key));
  require(missing === undefined, action, "its storages must be those of its tensors", missing);
  require(at === size, action, `the file must end with its storages, at byte ${at}`, size);
  return places;
}
