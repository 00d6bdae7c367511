import { require } from "../../core/mod.ts";
import type { AgileKernel } from "../agile.ts";
import { tf } from "../tf.ts";
import { fused } from "./fused.ts";

/** How numbers are rounded to powers of two (eq. 3); `fakeQuantizeLog2` says what the profiles mean. */
export interface Log2Rounding {
  /** 2..8. */
  bits: number;
  profile: "paper" | "released";
  /** What magnitude 0 stands for in profile `paper`; a float32 above 0. */
  maximum: number;
}
