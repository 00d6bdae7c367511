import type { RegisterState } from "../../lib/int4/mod.ts";
import { bitFields, type DrawnField, type PlotlySpec } from "../../lib/report/mod.ts";

/**
 * Draws the registers of a trace of the multiplier, in the order in which they are set (fig. 5).
 * Fields of the first of the two columns share a colour, as do those of the second; the rest of the
 * weights' and products' bits is padding.
 *
 * @param states At least one, as `traceDotInt4` gives them.
 */
export function drawRegisters(
  states: readonly RegisterState[],
  title: string,
  size?: { width: number },
): PlotlySpec {
  const registers = states.map(({ step, name, fields }) => ({
    label: signed.has(name) ? words(name) : `row ${step}: ${words(name)}`,
    fields: fields.map((field): DrawnField => ({
      ...field,
      name: withSubscript(field.name),
      signed: signed.has(name),
      lane: laneOf(field.name),
    })),
  }));
  return bitFields({ title, registers, ...size });
}

/** Registers in two's complement, set after the last row. */
const signed = new Set<RegisterState["name"]>([
  "firstCorrection",
  "firstResult",
  "secondCorrection",
  "secondResult",
]);

/** The column a field belongs to, 2 for what both share; none for padding. */
function laneOf(field: string): number | undefined {
  if (field === "0") return undefined;
  if (field.endsWith("_(i+1)")) return 1;
  return field.endsWith("_i") ? 0 : 2;
}

/** `w_(i+1)` with a lowered index. */
function withSubscript(field: string): string {
  return field.replace(/_\(?([^()]+)\)?$/, "<sub>$1</sub>");
}

/** `firstTotal` as `first total`. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
