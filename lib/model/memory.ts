import { require } from "../core/mod.ts";
import { freeBytes, tensorBytes } from "../tensor/mod.ts";
import type { Architecture } from "./architecture.ts";
import { moduleShapes, parameterShape } from "./weights.ts";

/** What the parameters of an architecture are and take in memory. All layers are alike: one is looked at. */
export function parameterMemory(architecture: Architecture): { parameters: number; bytes: number } {
  let parameters = 0;
  let bytes = 0;
  for (const shape of moduleShapes({ ...architecture, layers: 1 })) {
    const times = shape.layer === null ? 1 : architecture.layers;
    for (const kind of shape.bias ? ["weight", "bias"] as const : ["weight"] as const) {
      const size = parameterShape(shape, kind).reduce((product, each) => product * each, 1);
      parameters += times * size;
      bytes += times * tensorBytes(size);
    }
  }
  return { parameters, bytes };
}

/**
 * Refuses an architecture whose parameters do not fit the memory of the backend in use, however large it
 * says it is.
 *
 * @param action What it is wanted for; begins the message.
 * @throws {InputError} If they do not fit.
 */
export function requireMemory(architecture: Architecture, action: string): void {
  const { parameters, bytes } = parameterMemory(architecture);
  const free = freeBytes();
  const rule = `${parameters} parameters must fit as float32 into ${gibibytes(free)} of memory`;
  require(bytes <= free, action, rule, gibibytes(bytes));
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
