// Elementwise kernels: target[i] = f(a[i], b[i]) for i < count, in whole vectors, so that up to three
// elements past the end are computed as well.

import { exp as expOf, one, sigmoid } from "./vector";

const enum Operation {
  Relu,
  Step,
  Exp,
  Sqrt,
  Square,
  Silu,
  Gelu,
  Add,
  Subtract,
  Multiply,
  Divide,
  SiluGradient,
  GeluGradient,
}

// sqrt(2 / pi) and the cubic coefficient of the tanh form of GELU.
const GELU_LINEAR: f32 = 0.79788456;
const GELU_CUBIC: f32 = 0.044715;

/** sigmoid(2 u) with u the argument of GELU's tanh, so that GELU is x sigmoid(2 u). */
// @ts-ignore: decorator
@inline
function geluGate(x: v128): v128 {
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
function geluDerivative(x: v128): v128 {
  const square = f32x4.mul(x, x);
  const cubic = f32x4.mul(f32x4.splat(3 * GELU_CUBIC), square);
  const slope = f32x4.mul(f32x4.splat(2 * GELU_LINEAR), f32x4.add(one(), cubic));
  return gatedDerivative(x, geluGate(x), slope);
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
  if (operation == Operation.Gelu) return f32x4.mul(a, geluGate(a));
  if (operation == Operation.Add) return f32x4.add(a, b);
  if (operation == Operation.Subtract) return f32x4.sub(a, b);
  if (operation == Operation.Multiply) return f32x4.mul(a, b);
  if (operation == Operation.Divide) return f32x4.div(a, b);
  if (operation == Operation.SiluGradient) {
    return f32x4.mul(b, gatedDerivative(a, sigmoid(a), one()));
  }
  return f32x4.mul(b, geluDerivative(a));
}

// @ts-ignore: decorator
@inline
function unary(operation: Operation, count: i32, target: usize, a: usize): void {
  for (const end = target + (<usize> count << 2); target < end; target += 16, a += 16) {
    v128.store(target, apply(operation, v128.load(a), f32x4.splat(0)));
  }
}

// @ts-ignore: decorator
@inline
function binary(operation: Operation, count: i32, target: usize, a: usize, b: usize): void {
  for (const end = target + (<usize> count << 2); target < end; target += 16, a += 16, b += 16) {
    v128.store(target, apply(operation, v128.load(a), v128.load(b)));
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

/** x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3). */
export function gelu(count: i32, target: usize, a: usize): void {
  unary(Operation.Gelu, count, target, a);
}

export function add(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.Add, count, target, a, b);
}

export function subtract(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.Subtract, count, target, a, b);
}

export function multiply(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.Multiply, count, target, a, b);
}

export function divide(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.Divide, count, target, a, b);
}

/** b silu'(a). */
export function siluGradient(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.SiluGradient, count, target, a, b);
}

/** b gelu'(a). */
export function geluGradient(count: i32, target: usize, a: usize, b: usize): void {
  binary(Operation.GeluGradient, count, target, a, b);
}
