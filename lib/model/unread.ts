import { counted, shortened } from "../core/mod.ts";

/** Most kinds of names that are listed. */
const longestList = 6;

/** Says in a sentence which tensors of a checkpoint nothing reads. */
export function describeUnread(names: readonly string[], folder: string): string {
  const count = counted(names.length, "tensor");
  const kinds = Map.groupBy(names, (name) => name.replace(/(?<=\.)\d+(?=\.)/g, "*"));
  const list = [...kinds].slice(0, longestList)
    .map(([kind, { length }]) => shortened(kind) + (length === 1 ? "" : ` (${length})`));
  const others = kinds.size - list.length;
  const rest = others > 0 ? ` and ${counted(others, "more kind")}` : "";
  return `The model does not use ${count} of ${folder}: ${list.join(", ")}${rest}.`;
}
