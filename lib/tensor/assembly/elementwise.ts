// Elementwise kernels: target = f(a) for `count` elements, and target = f(a, b) for `rows` of `columns`
// elements, where an operand may have one row or one column for all (`repeated`, bits of Repeat).

import { normalDensity, normalShare } from "./normal";
import { exp as expOf, multiplyAdd, one, sigmoid, storeFirst } from "./vector";

const enum Operation {
  Relu,
  Step,
  Exp,
  Sqrt,
  Square,
  Silu,
  Gelu,
  GeluTanh,
  Add,
  Subtract,
  Multiply,
  Divide,
  AddRelu,
  SiluGradient,
  GeluGradient,
  GeluTanhGradient,
}

const enum Repeat {
  RowsOfA = 1,
  ColumnsOfA = 2,
  RowsOfB = 4,
  ColumnsOfB = 8,
}

// sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU.
const GELU_LINEAR: f32 = 0.79788456;
const GELU_CUBIC: f32 = 0.044715;

/** sigmoid(2 u) with u the argument of GELU's tanh, so that its tanh form is x sigmoid(2 u). */
// @ts-ignore: decorator
@inline
function geluTanhGate(x: v128): v128 {
  const cubic = f32x4.mul(f32x4.splat(GELU_CUBIC), f32x4.mul(x, x));
  const u = f32x4.mul(f32x4.mul(f32x4.splat(GELU_LINEAR), x), f32x4.add(one(), cubic));
  return sigmoid(f32x4.add(u, u));
}

/** (x gate)' for a gate that is the sigmoid of something with the derivative `slope`. */
// @ts-ignore: decorator
@inline
function gatedDerivative(x: v128, gate: v128, slope: v128): v128 {
  const rest = f32x4.sub(one(), gate);
  return f32x4.mul(gate, f32x4.add(one(), f32x4.mul(f32x4.mul(x, rest), slope)));
}

// @ts-ignore: decorator
@inline
function geluTanhDerivative(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const cubic = f32x4.mul(f32x4.splat(3 * GELU_CUBIC), square);
  const slope = f32x4.mul(f32x4.splat(2 * GELU_LINEAR), f32x4.add(one(), cubic));
  return gatedDerivative(x, geluTanhGate(x), slope);
}

/** 1 above zero, 0 up to zero, NaN for NaN. */
// @ts-ignore: decorator
@inline
function stepOf(x: v128): v128 {
  const step = v128.and(f32x4.gt(x, f32x4.splat(0)), one());
  return v128.bitselect(x, step, f32x4.ne(x, x));
}

/** `operation` is a constant at each call, so that one branch remains of these. */
// @ts-ignore: decorator
@inline
function apply(operation: Operation, a: v128, b: v128): v128 {
  if (operation == Operation.Relu) return f32x4.pmax(a, f32x4.splat(0));
  if (operation == Operation.Step) return stepOf(a);
  if (operation == Operation.Exp) return expOf(a);
  if (operation == Operation.Sqrt) return f32x4.sqrt(a);
  if (operation == Operation.Square) return f32x4.mul(a, a);
  if (operation == Operation.Silu) return f32x4.mul(a, sigmoid(a));
  if (operation == Operation.Gelu) return f32x4.mul(a, normalShare(a));
  if (operation == Operation.GeluTanh) return f32x4.mul(a, geluTanhGate(a));
  if (operation == Operation.Add) return f32x4.add(a, b);
  if (operation == Operation.Subtract) return f32x4.sub(a, b);
  if (operation == Operation.Multiply) return f32x4.mul(a, b);
  if (operation == Operation.Divide) return f32x4.div(a, b);
  if (operation == Operation.AddRelu) return f32x4.pmax(f32x4.add(a, b), f32x4.splat(0));
  if (operation == Operation.SiluGradient) {
    return f32x4.mul(b, gatedDerivative(a, sigmoid(a), one()));
  }
  if (operation == Operation.GeluGradient) {
    return f32x4.mul(b, multiplyAdd(a, normalDensity(a), normalShare(a)));
  }
  return f32x4.mul(b, geluTanhDerivative(a));
}

// @ts-ignore: decorator
@inline
function unary(operation: Operation, count: i32, target: usize, a: usize): void {
  for (let i = 0; i < count; i += 4, target += 16, a += 16) {
    storeFirst(target, apply(operation, v128.load(a), f32x4.splat(0)), count - i);
  }
}

// @ts-ignore: decorator
@inline
function binaryRow(
  operation: Operation,
  columns: i32,
  target: usize,
  a: usize,
  b: usize,
  repeatA: bool,
  repeatB: bool,
): void {
  const oneA = v128.load32_splat(a), oneB = v128.load32_splat(b);
  for (let j = 0; j < columns; j += 4) {
    const at = <usize> j << 2;
    const left = repeatA ? oneA : v128.load(a + at);
    const right = repeatB ? oneB : v128.load(b + at);
    storeFirst(target + at, apply(operation, left, right), columns - j);
  }
}

// @ts-ignore: decorator
@inline
function binary(
  operation: Operation,
  rows: i32,
  columns: i32,
  target: usize,
  a: usize,
  b: usize,
  repeated: i32,
): void {
  const repeatA = (repeated & Repeat.ColumnsOfA) != 0, repeatB = (repeated & Repeat.ColumnsOfB) != 0;
  const rowBytes = <usize> columns << 2;
  const rowBytesA = repeated & Repeat.RowsOfA ? 0 : repeatA ? 4 : rowBytes;
  const rowBytesB = repeated & Repeat.RowsOfB ? 0 : repeatB ? 4 : rowBytes;
  for (let row = 0; row < rows; row++, target += rowBytes, a += rowBytesA, b += rowBytesB) {
    if (repeatA) binaryRow(operation, columns, target, a, b, true, false);
    else if (repeatB) binaryRow(operation, columns, target, a, b, false, true);
    else binaryRow(operation, columns, target, a, b, false, false);
  }
}

export function relu(count: i32, target: usize, a: usize): void {
  unary(Operation.Relu, count, target, a);
}

export function step(count: i32, target: usize, a: usize): void {
  unary(Operation.Step, count, target, a);
}

export function exp(count: i32, target: usize, a: usize): void {
  unary(Operation.Exp, count, target, a);
}

export function sqrt(count: i32, target: usize, a: usize): void {
  unary(Operation.Sqrt, count, target, a);
}

export function square(count: i32, target: usize, a: usize): void {
  unary(Operation.Square, count, target, a);
}

/** x sigmoid(x). */
export function silu(count: i32, target: usize, a: usize): void {
  unary(Operation.Silu, count, target, a);
}

/** x times the share of the normal distribution below x. */
export function gelu(count: i32, target: usize, a: usize): void {
  unary(Operation.Gelu, count, target, a);
}

/** x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
export function geluTanh(count: i32, target: usize, a: usize): void {
  unary(Operation.GeluTanh, count, target, a);
}

export function add(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.Add, rows, columns, target, a, b, repeated);
}

export function subtract(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.Subtract, rows, columns, target, a, b, repeated);
}

export function multiply(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.Multiply, rows, columns, target, a, b, repeated);
}

export function divide(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.Divide, rows, columns, target, a, b, repeated);
}

/** relu(a + b). */
export function addRelu(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.AddRelu, rows, columns, target, a, b, repeated);
}

/** b silu'(a). */
export function siluGradient(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.SiluGradient, rows, columns, target, a, b, repeated);
}

/** b gelu'(a). */
export function geluGradient(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.GeluGradient, rows, columns, target, a, b, repeated);
}

/** b geluTanh'(a). */
export function geluTanhGradient(rows: i32, columns: i32, target: usize, a: usize, b: usize, repeated: i32): void {
  binary(Operation.GeluTanhGradient, rows, columns, target, a, b, repeated);
}
