import { require } from "../../core/mod.ts";
import { frame, type FrameOptions, marginFor } from "./frame.ts";
import { fontSizes, widest } from "./room.ts";
import type { PlotlySpec } from "./spec.ts";
import { neutral, palette } from "./theme.ts";

/** Some adjacent bits of a register. */
export interface DrawnField {
  name: string;
  bits: number;
  /** An unsigned integer of that many bits. */
  value: number;
  /** The value is printed as two's complement reads it. */
  signed?: boolean;
  /** Fields of one lane share a colour; without, the field is padding. */
  lane?: number;
}

/** A register with its content. */
export interface DrawnRegister {
  label: string;
  /** From the highest bit down. */
  fields: readonly DrawnField[];
}

/** Registers, one below the other. */
export interface BitFieldData extends FrameOptions {
  registers: readonly DrawnRegister[];
}

/** Of one register, CSS pixels. */
const rowHeight = 62;

/**
 * Draws registers bit by bit, their lowest bits aligned on the right, the name and value of each field
 * above it.
 *
 * @throws {InputError} If there are no registers or a value does not fit its bits.
 */
export function bitFields({ registers, ...options }: BitFieldData): PlotlySpec {
  require(registers.length > 0, "draw registers", "there must be at least one");
  const placed = registers.flatMap(place);
  const width = Math.max(...placed.map(({ high }) => high));
  const digits = placed.flatMap(({ field, high, row }) =>
    [...field.value.toString(2).padStart(field.bits, "0")]
      .map((digit, index) => ({ x: high - index - 0.5, y: row, digit }))
  );
  const text = {
    type: "scatter" as const,
    mode: "text",
    x: digits.map(({ x }) => x),
    y: digits.map(({ y }) => y),
    text: digits.map(({ digit }) => digit),
    textfont: { size: 13 },
    hoverinfo: "skip",
    showlegend: false,
  };
  const height = options.height ?? registers.length * rowHeight + 90;
  const labels = registers.map(({ label }) => label);
  const spec = frame({ ...options, height }, [text], {
    left: marginFor("left", widest(labels, fontSizes.ticks)),
    xaxis: {
      title: { text: "bit" },
      range: [width, 0],
      tickvals: Array.from({ length: width / 4 + 1 }, (_, index) => 4 * index),
      showgrid: false,
      zeroline: false,
    },
    yaxis: {
      range: [registers.length - 0.4, -0.75],
      tickvals: registers.map((_, row) => row),
      ticktext: labels,
      showgrid: false,
      zeroline: false,
      showline: false,
      ticks: "",
      ticklabelstandoff: 6,
    },
    shapes: placed.map(({ field, high, low, row }) => ({
      type: "rect",
      x0: high,
      x1: low,
      y0: row - 0.28,
      y1: row + 0.28,
      line: { color: neutral, width: 1 },
      fillcolor: field.lane === undefined ? "rgba(0,0,0,0)" : `${colorOf(field.lane)}40`,
    })),
    annotations: placed.filter(({ field }) => field.lane !== undefined).map(
      ({ field, high, low, row }) => ({
        x: (high + low) / 2,
        y: row - 0.46,
        text: `${field.name} = ${readValue(field)}`,
        showarrow: false,
        font: { size: fontSizes.notes },
      }),
    ),
  });
  return spec;
}

function readValue({ bits, value, signed = false }: DrawnField): number {
  return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
}

function colorOf(lane: number): string {
  return palette[lane % palette.length];
}

/** The fields of a register with the bits they span, `low` included and `high` not. */
function place({ label, fields }: DrawnRegister, row: number) {
  let high = fields.reduce((sum, { bits }) => sum + bits, 0);
  return fields.map((field) => {
    const fits = Number.isInteger(field.value) && field.value >= 0 && field.value < 2 ** field.bits;
    require(fits, `draw ${label}`, `${field.name} must fit ${field.bits} bits`, field.value);
    const low = high - field.bits;
    const spot = { field, row, high, low };
    high = low;
    return spot;
  });
}
