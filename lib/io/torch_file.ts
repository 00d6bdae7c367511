import { refuse } from "../core/mod.ts";
import { dataArrays, requireDtype } from "./dtypes.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import { tensorOf } from "./safetensors_header.ts";
import { gatherStrided } from "./strided.ts";
import { readTorchArchive, type TorchContents } from "./torch_archive.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import type { TensorValues, WeightFile } from "./weight_file.ts";

/** How each format of `torch.save` begins. */
const formats: { start: readonly number[]; read(pieces: FilePieces): Promise<TorchContents> }[] = [
  { start: [0x50, 0x4b, 0x03, 0x04], read: readTorchArchive },
  { start: [0x80, 0x02], read: readTorchLegacy },
];

/** How much of a file is looked at to tell its format, in bytes. */
const startBytes = 8;

/**
 * Opens a state dict that PyTorch saved, as pytorch_model.bin is. What says where the tensors lie is a
 * pickle, which is read as data: nothing of it runs. The tensors are read one by one on demand.
 *
 * @throws {InputError} If the file cannot be read, is neither a zip archive nor a legacy file of
 *   `torch.save`, or holds anything but tensors by name.
 */
export async function openTorchFile(path: string): Promise<TorchFile> {
  const pieces = await openPieces(path);
  const start = await pieces.read(0, Math.min(startBytes, pieces.size), `read ${path}`);
  const format = formats.find((each) => each.start.every((byte, i) => start[i] === byte)) ??
    refuse(`read ${path}`, "it must begin as a file of torch.save does", beginning(start));
  return new TorchFile(pieces, await format.read(pieces));
}

/** Tensors by name that PyTorch saved. */
export class TorchFile implements WeightFile {
  readonly path: string;
  readonly tensors: TorchContents["tensors"];
  #pieces: FilePieces;
  #places: TorchContents["places"];

  /** Of {@linkcode openTorchFile}. */
  constructor(pieces: FilePieces, { tensors, places }: TorchContents) {
    this.path = pieces.path;
    this.tensors = tensors;
    this.#pieces = pieces;
    this.#places = places;
  }

  async read(name: string): Promise<TensorValues> {
    const action = tensorOf(this.path, name);
    const view = this.tensors.get(name) ?? refuse(action, "the file must have it");
    const { dtype, shape, stride, storage, offset, span } = view;
    requireDtype(dtype, action);
    const place = this.#places.get(storage.key)! + offset;
    const { buffer } = await this.#pieces.read(place, span, action);
    const data = gatherStrided(new dataArrays[dtype](buffer), shape, stride);
    return { dtype, shape: [...shape], data };
  }
}

/** The first bytes of a file as text. */
function beginning(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
