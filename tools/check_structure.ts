import config from "../deno.json" with { type: "json" };
import { importCircles } from "./structure/import_circles.ts";
import { codeOf, importsOf } from "./structure/module_imports.ts";

/** The packages with their versions, `npm:name@version`, as deno.json has them. */
const packages = new Set(Object.values(config.imports));

/** The level of each folder, as the table of CONTRIBUTING.md has it, with lib/mod.ts and tests. */
export const levels: Record<string, number> = {
  "lib/core": 0,
  "lib/format": 1,
  "lib/quant": 2,
  "lib/int4": 2,
  "lib/tokens": 2,
  "lib/corpus": 2,
  "lib/io": 2,
  "lib/report": 2,
  "lib/sweep": 2,
  "lib/tensor": 2,
  "lib/linear": 3,
  "lib/model": 4,
  "lib/display": 5,
  "lib/train": 5,
  "lib/eval": 5,
  "lib/generate": 5,
  "lib/inspect": 5,
  "lib/methods": 5,
  "lib": 5.5,
  "experiments/measure": 6,
  "experiments/result": 6,
  "experiments/cells": 7,
  "experiments/draw": 7,
  "experiments/tables": 8,
  "experiments": 9,
  "experiments/figures": 9,
  "bench": 10,
  "notebooks": 10,
  "tools": 11,
  "tests": 12,
};

/** The folders of lib that may touch files, the network or native code. */
const outward = ["lib/io", "lib/tensor"];

/** Folders that may import TensorFlow.js itself: its wrapper, its rivals in benchmarks, the tests. */
const mayImportTensorFlow = new Set(["lib/tensor", "bench", "tests"]);

/**
 * Checks the source of the project against the rules of CONTRIBUTING.md: imports point downwards, run
 * in no circle and enter folders of lib by their mod.ts, versions of packages are those of deno.json, which lib
 * spells out so that any program can import it, TensorFlow.js is imported by lib/tensor alone, and
 * lib neither prints nor, outside io and tensor, uses Deno.
 * Tests may import TensorFlow.js and every file.
 *
 * @param files Path from the root of the project, `lib/quant/uniform.ts`, to source.
 * @returns One line per violation, `path: rule`; none when all is well.
 */
export function structureViolations(files: ReadonlyMap<string, string>): string[] {
  const violations: string[] = [];
  for (const [path, source] of files) {
    const complain = (rule: string) => violations.push(`${path}: ${rule}`);
    const folder = folderOf(path);
    if (levels[folder] === undefined) complain(`${folder} has no level`);
    for (const specifier of specifiersOf(source)) checkImport(path, specifier, complain);
    if (folder.startsWith("lib")) checkSurroundings(folder, codeOf(source), complain);
  }
  return [...violations, ...circleViolations(files)];
}

function circleViolations(files: ReadonlyMap<string, string>): string[] {
  const imports = new Map([...files].map(([path, source]) => [
    path,
    specifiersOf(source).filter(isRelative).map((specifier) => resolved(specifier, path)),
  ]));
  return importCircles(imports).map(([first, ...others]) => {
    const way = others.map((path) => `${path}, which imports `).join("");
    return `${first}: imports ${way ? `${way}it again` : "itself"}`;
  });
}

type Complain = (rule: string) => void;

function checkImport(path: string, specifier: string, complain: Complain): void {
  const from = folderOf(path);
  const inLibrary = from.startsWith("lib");
  if (/^(npm|jsr|https?):/.test(specifier) && !(inLibrary && packages.has(specifier))) {
    complain(`imports ${specifier}, versions belong in deno.json`);
  }
  if (inLibrary && /^[^.]/.test(specifier) && !/^\w+:/.test(specifier)) {
    complain(`imports ${specifier} without its version, which a program elsewhere cannot resolve`);
  }
  if (inLibrary && specifier.endsWith(".wasm")) {
    complain(`imports ${specifier}, which starts it; importing lib does nothing`);
  }
  if (/^(npm:)?@tensorflow\//.test(specifier) && !mayImportTensorFlow.has(from)) {
    complain(`imports ${specifier}, which only lib/tensor and bench may`);
  }
  if (specifier.startsWith("node:") && inLibrary && !outward.includes(from)) {
    complain(`imports ${specifier}, which only ${outward.join(" and ")} may`);
  }
  const target = resolved(specifier, path);
  if (!isRelative(specifier) || !target.endsWith(".ts")) return;

  const to = folderOf(target);
  if (to === from) return;
  if (!(levels[to] < levels[from])) complain(`imports ${to}, which is not below ${from}`);
  if (to.startsWith("lib") && target !== `${to}/mod.ts` && from !== "tests") {
    complain(`imports ${target} instead of ${to}/mod.ts`);
  }
}

function checkSurroundings(folder: string, code: string, complain: Complain): void {
  if (/\bconsole\b/.test(code)) complain("uses console, lib does not print");
  if (/\bfetch\(/.test(code) && folder !== "lib/io") complain("uses fetch, which only lib/io may");
  if (/\bDeno\b/.test(code) && !outward.includes(folder)) {
    complain(`uses Deno, which only ${outward.join(" and ")} may`);
  }
}

/** What a file imports, exports again, or takes types from. */
function specifiersOf(source: string): string[] {
  return importsOf(source).flatMap(({ kind, specifier }) =>
    kind === "file" || specifier === null ? [] : [specifier]
  );
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith(".");
}

/** The path from the root that a file means by a relative specifier. */
function resolved(specifier: string, path: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

/** The first folder of a path, the first two inside lib and experiments: what a level is given to. */
function folderOf(path: string): string {
  const folders = path.split("/").slice(0, -1);
  return folders.slice(0, ["lib", "experiments"].includes(folders[0]) ? 2 : 1).join("/");
}
