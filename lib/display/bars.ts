import { maximum, quantile } from "../core/mod.ts";
import { escapeHtml } from "../report/mod.ts";

/** A small plot: one bar per value. */
export interface Bars {
  /** What is plotted over what. */
  title: string;
  /** Below the first and below the last bar. */
  ends: [first: string, last: string];
  /** Lengths from 0. */
  values: number[];
}

const width = 480;
const height = 80;

/** The bars as an SVG of 480 x 120 units in the colour of the text around it. */
export function barsSvg({ title, ends, values }: Bars): string {
  const largest = largestOf(values);
  const step = width / values.length;
  const bars = values.map((value, index) => {
    const length = height * value / largest;
    const box = [step * index, 20 + height - length, 0.9 * step, length];
    const [x, y, barWidth, barHeight] = box.map((each) => Number(each.toFixed(2)));
    return `<rect x="${x}" y="${y}" width="${barWidth}" height="${barHeight}"/>`;
  });
  const line = `<path d="M0 ${20 + height}H${width}" stroke="currentColor"/>`;
  const text = (x: number, y: number, anchor: string, content: string) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${escapeHtml(content)}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 120" width="${width}" ` +
    `fill="currentColor" font-family="sans-serif" font-size="12" style="max-width:100%">`,
    text(0, 12, "start", title),
    ...bars,
    line,
    text(0, 115, "start", ends[0]),
    text(width, 115, "end", ends[1]),
    `</svg>`,
  ].join("");
}

const blocks = " ▁▂▃▄▅▆▇█";

/** The bars as lines of text, at most 64 characters wide; a character shows its largest bar. */
export function barsText({ title, ends, values }: Bars): string {
  const largest = largestOf(values);
  const perCharacter = Math.ceil(values.length / 64);
  const count = Math.ceil(values.length / perCharacter);
  const characters = Array.from({ length: count }, (_, index) => {
    const group = values.slice(index * perCharacter, (index + 1) * perCharacter);
    return blocks[Math.ceil((blocks.length - 1) * maximum(group) / largest)];
  });
  return `${title}\n${ends[0]} |${characters.join("")}| ${ends[1]}`;
}

function largestOf(values: number[]): number {
  return quantile(values, 1) || 1;
}
