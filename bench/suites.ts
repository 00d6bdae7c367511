import { block } from "./block.ts";
import { cost } from "./cost.ts";
import { decode } from "./decode.ts";
import { gptq } from "./gptq.ts";
import type { Suite } from "./harness/suite.ts";
import { int4 } from "./int4.ts";
import { memory } from "./memory.ts";
import { perplexity } from "./perplexity.ts";
import { products } from "./products.ts";
import { scaling } from "./scaling.ts";

/** Every suite by the name the command line knows it by, in the order in which they run. */
export const suites = {
  products,
  block,
  perplexity,
  scaling,
  decode,
  memory,
  gptq,
  int4,
  cost,
} satisfies Record<string, Suite>;

export type SuiteName = keyof typeof suites;

/** The suites that targets speak of, in the order in which a quick look takes them. */
export const headlineSuites: SuiteName[] = ["products", "decode", "gptq", "perplexity"];
