import { textWidth } from "../font/text_width.ts";

/**
 * The font of a viewer that is given a spec alone may be wider than the one measured, by about as
 * much as this.
 */
const slack = 1.08;

/** Of a line of text, in font sizes. */
const lineHeight = 1.3;

/** The font sizes of figures, CSS pixels. */
export const fontSizes = {
  title: 16,
  panelTitle: 13,
  axisTitle: 14,
  ticks: 12,
  legend: 12,
  notes: 11,
};

/** The room that a label takes, CSS pixels; `<br>` begins a new line. */
export function labelSize(label: string, size: number, bold = false) {
  const lines = label.split("<br>").map((line) => line.replaceAll(/<[^>]*>/g, ""));
  const widths = lines.map((line) => slack * textWidth(line, size, bold));
  return { width: Math.max(...widths), height: lines.length * lineHeight * size };
}

/** The widest of some labels, CSS pixels. */
export function widest(labels: readonly string[], size: number): number {
  return labels.reduce((most, label) => Math.max(most, labelSize(label, size).width), 0);
}

/**
 * A label in lines, joined by `<br>`, none of which is wider than so many CSS pixels. A word too wide
 * for a line is broken after hyphens and the like, and where that is not enough anywhere.
 */
export function wrapLabel(label: string, width: number, size: number, bold = false): string {
  const fits = (text: string) => labelSize(text.trimEnd(), size, bold).width <= width;
  const split = (parts: string[], at: RegExp) =>
    parts.flatMap((part) => fits(part) ? [part] : part.split(at));
  const wrapped = label.split("<br>").flatMap((line) => {
    const parts = [/(?<= )/, /(?<=[-_/.:])/, /(?<=.)/u].reduce(split, [line]);
    return parts.reduce<string[]>((lines, part) => {
      const last = lines.at(-1);
      return last !== undefined && fits(last + part)
        ? lines.with(-1, last + part)
        : [...lines, part];
    }, []);
  });
  return wrapped.map((line) => line.trimEnd()).join("<br>");
}
