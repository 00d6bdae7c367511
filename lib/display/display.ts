import { AffineMatrix } from "../format/mod.ts";
import type { Pruning } from "../model/mod.ts";
import type { Log2Quantized, TripParams, UniformQuantized } from "../quant/mod.ts";
import type { Table } from "../report/mod.ts";
import type { TokenTrack } from "../tokens/mod.ts";
import { describePruning, describeTrack } from "./describe_pruning.ts";
import {
  describeLog2,
  describeTrip,
  describeUniform,
  describeWeight,
} from "./describe_quantized.ts";
import { type Description, descriptionHtml, descriptionText } from "./description.ts";

/** One output in several formats, by MIME type; a viewer takes the richest that it knows. */
export type MimeBundle = Record<string, unknown>;

const jupyterDisplay: unique symbol = Symbol.for("Jupyter.display") as never;
const customInspect: unique symbol = Symbol.for("Deno.customInspect") as never;

/** A value that shows itself richly as the result of a notebook's cell, and as text elsewhere. */
export class Display {
  /**
   * @param text What terminals and logs show.
   * @param bundle Makes the output of a cell.
   */
  constructor(
    private readonly text: string,
    private readonly bundle: () => MimeBundle | Promise<MimeBundle>,
  ) {}

  [jupyterDisplay](): MimeBundle | Promise<MimeBundle> {
    return this.bundle();
  }

  [customInspect](): string {
    return this.text;
  }

  toString(): string {
    return this.text;
  }
}

/** What {@linkcode display} shows. */
export type Displayable =
  | Table
  | UniformQuantized
  | Log2Quantized
  | TripParams
  | AffineMatrix
  | Pruning
  | TokenTrack;

/**
 * Makes a value the richly shown result of a notebook's cell: a table, what a quantizer returned, a
 * pruning plan or track.
 */
export function display(value: Displayable): Display {
  const description = describe(value);
  const text = descriptionText(description);
  return new Display(
    text,
    () => ({ "text/html": descriptionHtml(description), "text/plain": text }),
  );
}

function describe(value: Displayable): Description {
  if ("title" in value) return { table: value };
  if ("alpha" in value) return describeTrip(value);
  if (value instanceof AffineMatrix) return describeWeight(value);
  if ("ratios" in value) return describePruning(value);
  if ("layers" in value) return describeTrack(value);
  const { codes, params } = value;
  return "scale" in params ? describeUniform({ codes, params }) : describeLog2({ codes, params });
}
