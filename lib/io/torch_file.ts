import { refuse } from "../core/mod.ts";
import { dataArrays, requireDtype } from "./dtypes.ts";
import { type FilePieces, openPieces } from "./file_pieces.ts";
import { tensorOf } from "./safetensors_header.ts";
import { gatherStrided, isRowByRow } from "./strided.ts";
import { readTorchArchive, type TorchContents } from "./torch_archive.ts";
import { readTorchLegacy } from "./torch_legacy.ts";
import type { TorchView } from "./torch_tensors.ts";
import type { TensorPlace, TensorValues, WeightFile } from "./weight_file.ts";

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
    const view = this.#view(name);
    const { dtype, shape, stride, span } = view;
    requireDtype(dtype, action);
    const { buffer } = await this.#pieces.read(this.#offset(view), span, action);
    const data = gatherStrided(new dataArrays[dtype](buffer), shape, stride);
    return { dtype, shape: [...shape], data };
  }

  locate(name: string): TensorPlace | undefined {
    const view = this.#view(name);
    if (!isRowByRow(view.shape, view.stride)) return undefined;
    return { pieces: this.#pieces, offset: this.#offset(view) };
  }

  #view(name: string): TorchView {
    return this.tensors.get(name) ?? refuse(tensorOf(this.path, name), "the file must have it");
  }

  /** Of the first element, in bytes from the start of the file. */
  #offset({ storage, offset }: TorchView): number {
    return this.#places.get(storage.key)! + offset;
  }
}

/** The first bytes of a file as text. */
function beginning(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
