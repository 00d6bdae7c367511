import { ascent, descent, textWidth } from "../font/text_width.ts";

/** A rectangle, CSS pixels. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** An affine map as SVG writes it: x' = a x + c y + e, y' = b x + d y + f. */
type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number];

/** The part of a DOM element that is read here. */
export interface SvgElement {
  nodeType: number;
  tagName: string;
  textContent: string | null;
  parentElement: SvgElement | null;
  children: ArrayLike<SvgElement>;
  childNodes: ArrayLike<SvgElement>;
  classList: { contains(name: string): boolean };
  getAttribute(name: string): string | null;
  style?: { fontSize: string; fontWeight: string; display: string };
}

/**
 * Where an element lies in its outermost SVG: that of its texts and rectangles, which is all that
 * Plotly measures. Null where it has neither.
 */
export function boxOf(element: SvgElement): Box | null {
  return boxUnder(element, matrixOf(element));
}

function boxUnder(element: SvgElement, matrix: Matrix): Box | null {
  const own = element.tagName === "text"
    ? textBox(element)
    : element.tagName === "rect"
    ? rectBox(element)
    : null;
  if (own) return mapBox(own, matrix);
  let whole: Box | null = null;
  for (const child of Array.from(element.children)) {
    if (child.style?.display === "none") continue;
    const box = boxUnder(child, multiply(matrix, parseTransform(child)));
    if (box) whole = whole ? join(whole, box) : box;
  }
  return whole;
}

function rectBox(element: SvgElement): Box {
  const [x, y, width, height] = ["x", "y", "width", "height"].map((name) =>
    Number(element.getAttribute(name) ?? 0)
  );
  return { left: x, top: y, right: x + width, bottom: y + height };
}

/** A text's lines are its `tspan.line` children, or else the text itself. */
function textBox(text: SvgElement): Box | null {
  const lines = Array.from(text.children).filter((child) => child.classList.contains("line"));
  const boxes = (lines.length > 0 ? lines : [text]).flatMap((line) => {
    if (!line.textContent) return [];
    const size = fontSize(line);
    const width = lineWidth(line, size, isBold(line));
    const x = Number(line.getAttribute("x") ?? text.getAttribute("x") ?? 0);
    const y = Number(line.getAttribute("y") ?? text.getAttribute("y") ?? 0) +
      emShift(line, size);
    const anchor = inherited(line, "text-anchor");
    const left = x - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0);
    const box = { left, top: y - ascent * size, right: left + width, bottom: y + descent * size };
    return [box];
  });
  return boxes.length === 0 ? null : boxes.reduce(join);
}

/** `dy` of a line, which Plotly writes in em. */
function emShift(line: SvgElement, size: number): number {
  const shift = line.getAttribute("dy") ?? "0";
  return parseFloat(shift) * (shift.endsWith("em") ? size : 1);
}

function lineWidth(node: SvgElement, size: number, bold: boolean): number {
  let width = 0;
  for (const child of Array.from(node.childNodes)) {
    width += child.nodeType === 3
      ? textWidth(child.textContent ?? "", size, bold)
      : lineWidth(child, scaled(child.style?.fontSize, size), bold || isBoldItself(child));
  }
  return width;
}

function fontSize(element: SvgElement): number {
  const parent = element.parentElement;
  return scaled(element.style?.fontSize, parent ? () => fontSize(parent) : 12);
}

/** A font size in pixels or per cent of what it is inherited from. */
function scaled(size: string | undefined, inherited: number | (() => number)): number {
  const whole = () => typeof inherited === "number" ? inherited : inherited();
  if (!size) return whole();
  return size.endsWith("%") ? whole() * parseFloat(size) / 100 : parseFloat(size);
}

function isBold(element: SvgElement): boolean {
  return isBoldItself(element) || (element.parentElement ? isBold(element.parentElement) : false);
}

function isBoldItself({ style }: SvgElement): boolean {
  return style?.fontWeight === "bold" || Number(style?.fontWeight) >= 600;
}

function inherited(element: SvgElement, name: string): string | null {
  const parent = element.parentElement;
  return element.getAttribute(name) ?? (parent ? inherited(parent, name) : null);
}

/** From an element's own coordinates to those of its outermost SVG. */
function matrixOf(element: SvgElement): Matrix {
  const own = parseTransform(element);
  return element.parentElement ? multiply(matrixOf(element.parentElement), own) : own;
}

/** The matrix of a `transform` attribute. */
function parseTransform(element: SvgElement): Matrix {
  let matrix: Matrix = [1, 0, 0, 1, 0, 0];
  const calls = (element.getAttribute("transform") ?? "").matchAll(/(\w+)\s*\(([^)]*)\)/g);
  for (const [, name, list] of calls) {
    matrix = multiply(matrix, single(name, list.split(/[\s,]+/).map(Number)));
  }
  return matrix;
}

function single(name: string, [a, b = 0, c = 0, ...rest]: number[]): Matrix {
  if (name === "translate") return [1, 0, 0, 1, a, b];
  if (name === "scale") return [a, 0, 0, b || a, 0, 0];
  if (name === "matrix") return [a, b, c, ...rest] as Matrix;
  const [sin, cos] = [Math.sin(a * Math.PI / 180), Math.cos(a * Math.PI / 180)];
  return [cos, sin, -sin, cos, b - cos * b + sin * c, c - sin * b - cos * c]; // rotate about (b, c)
}

function multiply(outer: Matrix, inner: Matrix): Matrix {
  const [a, b, c, d, e, f] = outer;
  const [A, B, C, D, E, F] = inner;
  return [
    a * A + c * B,
    b * A + d * B,
    a * C + c * D,
    b * C + d * D,
    a * E + c * F + e,
    b * E + d * F + f,
  ];
}

function mapBox({ left, top, right, bottom }: Box, [a, b, c, d, e, f]: Matrix): Box {
  const corners = [[left, top], [right, top], [left, bottom], [right, bottom]];
  const x = corners.map(([x, y]) => a * x + c * y + e);
  const y = corners.map(([x, y]) => b * x + d * y + f);
  return {
    left: Math.min(...x),
    top: Math.min(...y),
    right: Math.max(...x),
    bottom: Math.max(...y),
  };
}

function join(one: Box, other: Box): Box {
  return {
    left: Math.min(one.left, other.left),
    top: Math.min(one.top, other.top),
    right: Math.max(one.right, other.right),
    bottom: Math.max(one.bottom, other.bottom),
  };
}
