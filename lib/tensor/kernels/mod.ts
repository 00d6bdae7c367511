import type { AgileKernel } from "../agile.ts";
import { elementwiseKernels } from "./elementwise.ts";
import { layoutKernels } from "./layout.ts";
import { matmulKernels } from "./matmul.ts";
import { rowKernels } from "./rows.ts";

/** The kernels of TensorFlow.js that backend `agile` replaces. */
export const replacedKernels: AgileKernel[] = [
  ...elementwiseKernels,
  ...layoutKernels,
  ...matmulKernels,
  ...rowKernels,
];
