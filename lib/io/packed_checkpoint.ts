import { counted, refuse, require } from "../core/mod.ts";
import { decodeMatrix, FloatMatrix, type RowMatrix, type StoredMatrix } from "../format/mod.ts";
import { awqLayout } from "./awq_layout.ts";
import type { Checkpoint, CheckpointTensor } from "./checkpoint.ts";
import { isFloat } from "./dtypes.ts";
import { gptqLayout } from "./gptq_layout.ts";
import {
  type PackedLayout,
  type PackedPart,
  packedParts,
  type PackedShape,
  type PackedShapes,
} from "./packed_layout.ts";
import type { PackedSettings } from "./packed_settings.ts";
import { tensorOf } from "./safetensors_header.ts";
import type { ShardedCheckpoint } from "./sharded_checkpoint.ts";

const layouts: Record<PackedSettings["method"], PackedLayout> = {
  gptq: gptqLayout,
  awq: awqLayout,
};

/** A linear map of several tensors. */
interface PackedMap extends PackedShape {
  /** What the names of its tensors begin with. */
  prefix: string;
  /** What its tensors take in the file, in bytes. */
  byteLength: number;
  hasIndex: boolean;
}

/**
 * A checkpoint of GPTQ or AWQ: for `X.qweight`, `X.qzeros`, `X.scales` and `X.g_idx` of a linear map it
 * has `X.weight` `[out, in]`, whose codes stay packed; everything else is as it was.
 *
 * @throws {InputError} If there is no such map, or one lacks a tensor, has one that the settings contradict, or has a weight
 *   besides. The message names the tensor.
 */
export function packedCheckpoint(inner: ShardedCheckpoint, settings: PackedSettings): Checkpoint {
  return new PackedCheckpoint(inner, settings);
}

class PackedCheckpoint implements Checkpoint {
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  #maps = new Map<string, PackedMap>();

  constructor(readonly inner: ShardedCheckpoint, readonly settings: PackedSettings) {
    const tensors = new Map(inner.tensors);
    for (const name of inner.tensors.keys()) {
      if (!name.endsWith(".qweight")) continue;
      const map = findMap(inner, name.slice(0, -"qweight".length), settings);
      const weight = `${map.prefix}weight`;
      if (inner.tensors.has(weight)) {
        const rule = `there must be no ${name} besides, as ${inner.fileOf(name)} has it`;
        refuse(tensorOf(inner.fileOf(weight), weight), rule);
      }
      for (const part of packedParts) tensors.delete(map.prefix + part);
      const dtype = describeSettings(settings);
      const { rows, columns, byteLength } = map;
      tensors.set(weight, { dtype, shape: [rows, columns], byteLength, readable: true });
      this.#maps.set(weight, map);
    }
    const rule = `a checkpoint of ${describeSettings(settings)} must have tensors *.qweight`;
    require(this.#maps.size > 0, `load ${inner.path}`, rule, inner.files);
    this.tensors = tensors;
  }

  get path(): string {
    return this.inner.path;
  }

  get files(): readonly string[] {
    return this.inner.files;
  }

  get unlisted(): readonly string[] {
    return this.inner.unlisted;
  }

  onDisk(name: string): StoredMatrix | undefined {
    return this.#maps.has(name) ? undefined : this.inner.onDisk(name);
  }

  async readMatrix(name: string): Promise<RowMatrix> {
    const map = this.#maps.get(name);
    if (!map) return await this.inner.readMatrix(name);
    const [qweight, qzeros, scales, index] = await Promise.all([
      this.#words(`${map.prefix}qweight`),
      this.#words(`${map.prefix}qzeros`),
      this.inner.readMatrix(`${map.prefix}scales`),
      map.hasIndex ? this.#words(`${map.prefix}g_idx`) : undefined,
    ]);
    const isHalf = scales instanceof FloatMatrix && scales.data instanceof Float16Array;
    const values = {
      ...{ qweight, qzeros, groupIndex: index },
      scales: isHalf ? scales.data as Float16Array : decodeMatrix(scales),
    };
    return layouts[this.settings.method].matrix(
      values,
      map,
      this.settings,
      `${name} of ${this.path}`,
    );
  }

  /** A tensor of 32-bit integers. */
  async #words(name: string): Promise<Int32Array> {
    const { data } = await this.inner.read(name);
    return data as Int32Array;
  }
}

/** `GPTQ 4 bits in groups of 32` */
function describeSettings({ method, bits, groupSize }: PackedSettings): string {
  const grids = groupSize === Infinity ? " in whole rows" : ` in groups of ${groupSize}`;
  return `${method.toUpperCase()} ${bits} bits${grids}`;
}

/** The tensors of a map, which must be what the settings say. */
function findMap(
  { path, tensors }: ShardedCheckpoint,
  prefix: string,
  settings: PackedSettings,
): PackedMap {
  const facts = (part: PackedPart) => tensors.get(prefix + part);
  for (const part of packedParts) {
    const found = facts(part);
    const action = tensorOf(path, prefix + part);
    const isThere = found !== undefined || part === "g_idx" && !settings.actOrder;
    require(isThere, action, `the model must have it beside ${prefix}qweight`);
    if (!found) continue;
    const isOfType = part === "scales" ? isFloat(found.dtype) : found.dtype === "I32";
    const rule = `dtype must be ${part === "scales" ? "F16, BF16, F32 or F64" : "I32"}`;
    require(isOfType, action, rule, found.dtype);
    const dimensions = part === "g_idx" ? 1 : 2;
    const isOfRank = found.shape.length === dimensions;
    require(isOfRank, action, `it must have ${counted(dimensions, "dimension")}`, found.shape);
  }
  const layout = layouts[settings.method];
  const shapes: PackedShapes = Object.fromEntries(
    packedParts.flatMap((part) => facts(part) ? [[part, facts(part)!.shape]] : []),
  );
  const { rows, columns } = layout.size(shapes, settings);
  const hasSize = rows > 0 && columns > 0;
  require(hasSize, tensorOf(path, `${prefix}qweight`), "it must have elements", shapes.qweight);
  const groups = settings.groupSize === Infinity ? 1 : Math.ceil(columns / settings.groupSize);
  const expected = layout.shapes({ rows, columns, groups }, settings);
  let byteLength = 0;
  for (const part of packedParts) {
    const found = facts(part);
    if (!found) continue;
    const rule =
      `its shape must be [${expected[part]}] by the ${settings.bits} bits and groups of ` +
      `${
        settings.groupSize === Infinity ? "all inputs" : settings.groupSize
      } that its settings say`;
    const isExpected = found.shape.join() === expected[part].join();
    require(isExpected, tensorOf(path, prefix + part), rule, found.shape);
    byteLength += found.byteLength;
  }
  return { prefix, rows, columns, groups, byteLength, hasIndex: shapes.g_idx !== undefined };
}
