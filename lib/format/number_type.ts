/** Numbers of few bits, before any scale: which value each code stands for. */
export interface NumberType {
  /** What reports call it: `E4M3`. */
  readonly name: string;
  /** Of a code, 2..8. */
  readonly bits: number;
  /** `[2^bits]`, the value of every code. */
  readonly values: Float32Array;
  /** The greatest finite value. */
  readonly max: number;
  /** What is stored to know the type, in bytes; nothing unless given. */
  readonly byteLength?: number;
  /** The code of a value next to it, as a rule the nearest; what lies beyond the outermost gets theirs. */
  encode(value: number): number;
}
