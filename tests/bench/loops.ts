import type { LoopInstructions } from "../../bench/contenders/int4_kernels.ts";

/** A loop of a function: the vector instructions that are its own, and the loops in it. */
export interface Loop extends LoopInstructions {
  loops: Loop[];
}

/** What is open: a function, a loop, a block, or the branch of an `if` that is being read. */
interface Frame {
  kind: "function" | "loop" | "block" | "if";
  counts: Loop;
  /** The first branch, once the second is being read. */
  other?: Loop;
}

/**
 * The outermost loops of every function of a WebAssembly text of one instruction a line. Of two
 * branches the one with less arithmetic counts.
 *
 * @returns By the name of the function, `dot/float32Simd`.
 */
export function loopsOf(text: string): Map<string, Loop[]> {
  const functions = new Map<string, Loop[]>();
  let open: Frame[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    const [, name] = line.match(/^\(func \$(\S+)/) ?? [];
    const [, instruction = ""] = line.match(/^([a-z0-9_.]+)( |$)/) ?? [];
    const frame = open.at(-1)!;
    if (name !== undefined) {
      open = [{ kind: "function", counts: newLoop() }];
      functions.set(name, open[0].counts.loops);
    } else if (instruction === "loop" || instruction === "block" || instruction === "if") {
      open.push({ kind: instruction, counts: newLoop() });
    } else if (instruction === "else") {
      open[open.length - 1] = { ...frame, counts: newLoop(), other: frame.counts };
    } else if (instruction === "end") {
      open.pop();
      close(frame, open.at(-1)!.counts);
    } else if (/^v128\.(load|store)/.test(instruction)) {
      frame.counts.memory++;
    } else if (/^([if]\d+x\d+|v128)\./.test(instruction) && instruction !== "v128.const") {
      frame.counts.arithmetic++;
    }
  }
  return functions;
}

/** Adds what was open to what it was in. */
function close({ kind, counts, other }: Frame, outer: Loop): void {
  if (kind === "loop") return void outer.loops.push(counts);
  const { arithmetic, memory } = other && other.arithmetic < counts.arithmetic ? other : counts;
  outer.arithmetic += arithmetic;
  outer.memory += memory;
  outer.loops.push(...counts.loops, ...other?.loops ?? []);
}

function newLoop(): Loop {
  return { arithmetic: 0, memory: 0, loops: [] };
}
