import { block } from "./block.ts";
import type { Suite } from "./harness/suite.ts";
import { int4 } from "./int4.ts";
import { products } from "./products.ts";

/** Every suite by the name the command line knows it by, in the order in which they run. */
export const suites = { products, block, int4 } satisfies Record<string, Suite>;

export type SuiteName = keyof typeof suites;
