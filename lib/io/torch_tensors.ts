import { counted, refuse, require } from "../core/mod.ts";
import { elementCount } from "./dtypes.ts";
import {
  kindOfPickled,
  PickledCall,
  PickledGlobal,
  PickledReference,
  type PickledValue,
} from "./pickled_value.ts";
import { tensorOf } from "./safetensors_header.ts";
import { stridedSpan } from "./strided.ts";
import type { TensorFacts } from "./weight_file.ts";

/** A stretch of elements in a file of PyTorch, of which tensors are views. */
export interface TorchStorage {
  readonly key: string;
  /** As safetensors calls its elements. */
  readonly dtype: string;
  readonly elementBytes: number;
  readonly byteLength: number;
}

/** A tensor as its file describes it. */
export interface TorchView extends TensorFacts {
  readonly storage: TorchStorage;
  /** Of its first element in the storage, in bytes. */
  readonly offset: number;
  /** From its first element to the last, in bytes. */
  readonly span: number;
  /** In elements, of each axis. */
  readonly stride: readonly number[];
}

/** What a file of PyTorch holds. */
export interface TorchState {
  readonly tensors: ReadonlyMap<string, TorchView>;
  readonly storages: ReadonlyMap<string, TorchStorage>;
}

/** The elements of each class of storage and how many bytes they take. */
const storageClasses: Readonly<Record<string, readonly [dtype: string, elementBytes: number]>> = {
  "torch.DoubleStorage": ["F64", 8],
  "torch.FloatStorage": ["F32", 4],
  "torch.HalfStorage": ["F16", 2],
  "torch.BFloat16Storage": ["BF16", 2],
  "torch.LongStorage": ["I64", 8],
  "torch.IntStorage": ["I32", 4],
  "torch.ShortStorage": ["I16", 2],
  "torch.CharStorage": ["I8", 1],
  "torch.ByteStorage": ["U8", 1],
  "torch.BoolStorage": ["BOOL", 1],
  "torch.ComplexFloatStorage": ["C64", 8],
  "torch.ComplexDoubleStorage": ["C128", 16],
};

const rebuildTensor = "torch._utils._rebuild_tensor_v2";
const rebuildParameter = "torch._utils._rebuild_parameter";
const sizeTuple = "torch.Size";

const dtypes = [
  ...["float64", "float32", "float16", "bfloat16", "complex64", "complex128"],
  ...["int64", "int32", "int16", "int8", "uint8", "bool"],
];

/** The only names that a state dict may have imported. */
export const torchGlobals: ReadonlySet<string> = new Set([
  "collections.OrderedDict",
  rebuildTensor,
  rebuildParameter,
  sizeTuple,
  ...Object.keys(storageClasses),
  ...dtypes.map((dtype) => `torch.${dtype}`),
]);

/** Up to here a tensor may take more than its file, as one that repeats an element does. */
const smallTensorBytes = 2 ** 20;

/**
 * The tensors of a state dict: a dictionary of tensors by name. Whether their storages are in the file is
 * not looked at.
 *
 * @param fileSize In bytes. A large tensor must take no more, however often it repeats an element.
 * @throws {InputError} If the value is something else, or a tensor leaves its storage. The message names
 *   the tensor.
 */
export function readStateDict(value: PickledValue, path: string, fileSize: number): TorchState {
  const isDictionary = value instanceof Map;
  const rule = "its pickle must hold a dictionary of tensors";
  if (!isDictionary) refuse(`read ${path}`, rule, kindOfPickled(value));
  const storages = new Map<string, TorchStorage>();
  const tensors = new Map<string, TorchView>();
  for (const [name, tensor] of value) {
    if (typeof name !== "string") {
      refuse(`read ${path}`, "the names of its tensors must be text", kindOfPickled(name));
    }
    const action = tensorOf(path, name);
    const view = readTensor(tensor, storages, action);
    const most = Math.max(smallTensorBytes, fileSize);
    require(
      view.byteLength <= most,
      action,
      `it must take at most ${counted(most, "byte")}`,
      view.byteLength,
    );
    tensors.set(name, view);
  }
  return { tensors, storages };
}

function readTensor(
  value: PickledValue,
  storages: Map<string, TorchStorage>,
  action: string,
): TorchView {
  const isParameter = value instanceof PickledCall && value.name === rebuildParameter;
  const tensor = isParameter ? value.args[0] : value;
  if (!(tensor instanceof PickledCall) || tensor.name !== rebuildTensor) {
    refuse(action, "it must be a tensor", kindOfPickled(tensor ?? null));
  }
  const count = tensor.args.length;
  require(count === 6, action, `${rebuildTensor} must have 6 arguments`, count);
  const [reference, offset, size, steps] = tensor.args;
  const storage = readStorage(reference, storages, action);
  const { dtype, elementBytes } = storage;
  require(isNatural(offset), action, "its offset must be an integer of 0 or more", shown(offset));
  const shape = naturals(size, action, "sizes");
  const stride = naturals(steps, action, "strides");
  const isPaired = shape.length === stride.length;
  require(isPaired, action, "it must have a stride for each size", [shape, stride]);
  const elements = elementCount(shape);
  require(Number.isSafeInteger(elements), action, "it must have fewer elements", elements);
  const span = stridedSpan(shape, stride);
  const end = (offset + span) * elementBytes;
  const rule = `it must end within its storage of ${counted(storage.byteLength, "byte")}`;
  require(end <= storage.byteLength, action, rule, end);
  return {
    dtype,
    shape,
    byteLength: elements * elementBytes,
    storage,
    offset: offset * elementBytes,
    span: span * elementBytes,
    stride,
  };
}

/** The storage of a persistent id; one key is one storage, whoever refers to it. */
function readStorage(
  value: PickledValue,
  storages: Map<string, TorchStorage>,
  action: string,
): TorchStorage {
  const id = value instanceof PickledReference ? value.id : undefined;
  const isStorage = Array.isArray(id) && id[0] === "storage" &&
    (id.length === 5 || id.length === 6 && id[5] === null);
  require(isStorage, action, "it must be a view of a storage as a whole");
  const [, kind, key, , count] = id as readonly PickledValue[];
  const found = kind instanceof PickledGlobal ? storageClasses[kind.name] : undefined;
  if (found === undefined) {
    refuse(action, "its storage must be of a class of storages", kindOfPickled(kind));
  }
  if (typeof key !== "string") {
    refuse(action, "the key of its storage must be text", kindOfPickled(key));
  }
  require(isNatural(count), action, "its storage must have 0 or more elements", shown(count));
  const [dtype, elementBytes] = found;
  const byteLength = count * elementBytes;
  const known = storages.get(key);
  const isSame = !known || known.dtype === dtype && known.byteLength === byteLength;
  require(isSame, action, "tensors of one storage must agree on its class and size", key);
  const storage = known ?? { key, dtype, elementBytes, byteLength };
  storages.set(key, storage);
  return storage;
}

/** Sizes or strides: a tuple, plain or as `torch.Size`. */
function naturals(value: PickledValue, action: string, what: string): number[] {
  const isSize = value instanceof PickledCall && value.name === sizeTuple;
  const tuple = isSize ? value.args[0] : value;
  const isNaturals = Array.isArray(tuple) && tuple.every(isNatural);
  require(isNaturals, action, `its ${what} must be integers of 0 or more`, shown(tuple));
  return [...tuple as number[]];
}

function isNatural(value: PickledValue): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A number or a tuple of numbers as it is, and of anything else what it is: tuples may be nested deeply. */
function shown(value: PickledValue): unknown {
  const part = (each: PickledValue) =>
    typeof each === "number" ? each : kindOfPickled(each ?? null);
  return Array.isArray(value) ? value.slice(0, 8).map(part) : part(value);
}
