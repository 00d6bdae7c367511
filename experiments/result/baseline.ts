import type { Storage } from "../../lib/format/mod.ts";
import type { BitsLabel, ConfiguredMethod } from "../../lib/methods/mod.ts";
import { quantizedForms } from "../../lib/model/mod.ts";

/** How a checkpoint stores the linear maps of its blocks. */
type Stored = Pick<Storage, "forms">;

/** What versions of a model are held against: `FP16`, or `dequantized Q4_1, Q6_K` of such a checkpoint. */
export function baselineName(stored: Stored): string {
  const forms = quantizedForms(stored);
  return forms.length > 0 ? `dequantized ${forms.join(", ")}` : "FP16";
}

/** What tables call a method and the bits of what it makes. */
export interface MethodNames extends BitsLabel {
  title: string;
}

/**
 * What tables call a method on a model. On weights that are stored in few bits the one that quantizes
 * nothing is `Dequantized Q4_1`, and others quantize a second time: `Q4_1, then INT4`.
 *
 * @param names What they call it on weights that are floats.
 */
export function namesOn(
  stored: Stored,
  { weights, activations }: ConfiguredMethod["settings"],
  { title, weight, activation }: MethodNames,
): MethodNames {
  const form = quantizedForms(stored).join(", ");
  if (form === "") return { title, weight, activation };
  return {
    title: weights || activations ? title : `Dequantized ${form}`,
    weight: weights ? `${form}, then ${weight}` : form,
    activation,
  };
}

/** What has to be said below tables and figures of a model whose weights are stored in few bits. */
export function baselineNotes(name: string, stored: Stored): string[] {
  const forms = quantizedForms(stored);
  if (forms.length === 0) return [];
  return [
    `${name}: weights are stored as ${
      forms.join(", ")
    }; full precision means these, dequantized to ` +
    "floats, and methods that quantize weights quantize them a second time",
  ];
}
