// Scratch memory of the thread that runs a kernel: 2 MiB at a multiple of 16. Its contents last from
// the start of one call to its end.

// @ts-ignore: decorator
@external("env", "workspace")
export declare const workspace: usize;

/** 1 where the engine joins instructions on two adjacent vectors to one on 256 bits; else 0. */
// @ts-ignore: decorator
@external("env", "wide")
export declare const wide: i32;
