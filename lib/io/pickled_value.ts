import { shortened } from "../core/mod.ts";

/** Something that the pickle would have Python import: `torch.HalfStorage`. */
export class PickledGlobal {
  constructor(readonly name: string) {}
}

/** A call that unpickling would make. Here nothing is called: whoever reads the value knows what it means. */
export class PickledCall {
  constructor(readonly name: string, readonly args: readonly PickledValue[]) {}
}

/** What lies outside of the pickle, as the program that wrote it refers to it. */
export class PickledReference {
  constructor(readonly id: PickledValue) {}
}

/** A list; a tuple is a plain array. */
export class PickledList {
  readonly items: PickledValue[] = [];
}

/** What a pickle holds. Containers may hold each other and themselves: they are not to be walked blindly. */
export type PickledValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly PickledValue[]
  | PickledList
  | Map<PickledValue, PickledValue>
  | Set<PickledValue>
  | PickledGlobal
  | PickledCall
  | PickledReference;

/** What a value is, for messages, which cannot show large ones. */
export function kindOfPickled(value: PickledValue): string {
  if (value instanceof PickledGlobal) return value.name;
  if (value instanceof PickledCall) return `a call of ${value.name}`;
  if (value instanceof PickledReference) return "a persistent id";
  if (value instanceof PickledList) return "a list";
  if (value instanceof Map) return "a dictionary";
  if (value instanceof Set) return "a set";
  if (Array.isArray(value)) return "a tuple";
  return value === null ? "None" : shortened(String(value));
}
