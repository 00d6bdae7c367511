import { require } from "../core/mod.ts";

/** A matrix of 1 and -1, `[order, order]`, whose rows are orthogonal. */
export interface Hadamard {
  readonly order: number;
  readonly entries: Int8Array;
}

/**
 * The order K of the factor of a Hadamard matrix of this size: size is K times a power of two. K is 1 for
 * powers of two, 40 for 40 times these (as in QuaRot), else four times the odd part of the size. Undefined
 * where no construction here gives a factor of that order.
 *
 * @param size A positive integer.
 */
export function hadamardOrder(size: number): number | undefined {
  const odd = oddPart(size);
  const order = odd === 1 ? 1 : odd === 5 && size % 40 === 0 ? 40 : 4 * odd;
  return size % order === 0 && constructionOf(order) ? order : undefined;
}

/**
 * A Hadamard matrix of this order: Paley's from the squares modulo a prime (order - 1, or order / 2 - 1),
 * Williamson's from four circulants, four of three times their size from these (Cooper and Wallis), or one
 * of half the order twice, as Sylvester doubles. Those of orders 12, 20, 28, 36 and 40 are the ones of QuaRot.
 *
 * @throws {InputError} If no construction here gives one.
 */
export function hadamardMatrix(order: number): Hadamard {
  const construct = constructionOf(order);
  const rule = "its order must be 1, 2, or one that Paley, Williamson or doubling gives";
  require(construct !== undefined, "make a Hadamard matrix", rule, order);
  return construct();
}

type Construction = () => Hadamard;

function constructionOf(order: number): Construction | undefined {
  if (!Number.isInteger(order) || order < 1) return undefined;
  if (order === 1) return () => matrixOf(1, () => 1);
  if (order % 4 === 0) {
    if (isPrime(order - 1)) return () => paleyOfSkew(order - 1);
    if (order % 8 === 4 && isPrime(order / 2 - 1)) return () => paleyOfSymmetric(order / 2 - 1);
    if (Object.hasOwn(williamson, order / 4)) return () => williamsonOf(order / 4);
    const third = order / 12;
    if (Object.hasOwn(williamson, third) && third % 3 !== 0) return () => tripledWilliamson(third);
  }
  const half = order % 2 === 0 ? constructionOf(order / 2) : undefined;
  return half && (() => doubled(half()));
}

/** Paley I: q = 3 mod 4. */
function paleyOfSkew(q: number): Hadamard {
  const character = quadraticCharacter(q);
  return matrixOf(q + 1, (row, column) => {
    if (column === 0) return 1;
    if (row === 0) return -1;
    return row === column ? 1 : character(row - column);
  });
}

/** Paley II: q = 1 mod 4. */
function paleyOfSymmetric(q: number): Hadamard {
  const character = quadraticCharacter(q);
  const half = q + 1;
  return matrixOf(2 * half, (row, column) => {
    const [i, j] = [row % half, column % half];
    const isLower = row >= half && column >= half;
    if (i === j) return row < half && column < half ? 1 : -1;
    const entry = i === 0 || j === 0 ? 1 : character(i - j);
    return isLower ? -entry : entry;
  });
}

/** 1 for squares modulo an odd prime, -1 for other numbers, none of which is a multiple of it. */
function quadraticCharacter(q: number): (value: number) => number {
  const squares = new Set(Array.from({ length: q - 1 }, (_, i) => (i + 1) ** 2 % q));
  return (value) => squares.has((value + q) % q) ? 1 : -1;
}

/**
 * First rows of four symmetric circulants whose squares sum to 4n times the identity, by the places 1..n/2 of
 * their -1. Those of 13 and 43 were found by trying all rows that a multiplier leaves as they are.
 */
const williamson: Readonly<Record<number, readonly (readonly number[])[]>> = {
  13: [[3, 4, 6], [2, 4, 6], [4, 5], [1, 6]],
  43: [
    [3, 18, 21, 4, 15, 19, 5, 8, 13],
    [2, 12, 14, 5, 8, 13, 10, 16, 17],
    [3, 18, 21, 9, 11, 20, 10, 16, 17],
    [1, 6, 7, 3, 18, 21, 5, 8, 13, 10, 16, 17],
  ],
};

/** Which circulant stands in each of 4 x 4 blocks, and its sign. */
const fourBlocks = [[1, 2, 3, 4], [-2, 1, -4, 3], [-3, 4, 1, -2], [-4, -3, 2, 1]];

function williamsonOf(n: number): Hadamard {
  const negative = williamson[n].map((places) => new Set(places));
  return matrixOf(4 * n, (row, column) => {
    const block = fourBlocks[Math.floor(row / n)][Math.floor(column / n)];
    const distance = Math.abs(row % n - column % n);
    const isNegative = negative[Math.abs(block) - 1].has(Math.min(distance, n - distance));
    return isNegative ? -Math.sign(block) : Math.sign(block);
  });
}

/**
 * The first rows of four circulants of 3n: which of Williamson's stands at the places 0, 1 and 2 modulo 3, and its
 * sign (Cooper and Wallis 1972).
 */
const thirds = [[1, 2, 3], [-2, 1, 4], [-3, -4, 1], [-4, 3, -2]];

/** Williamson's circulants of n, no multiple of 3, spread over 3n, in the array of Goethals and Seidel. */
function tripledWilliamson(n: number): Hadamard {
  const size = 3 * n;
  const negative = williamson[n].map((places) => new Set(places));
  const rows = thirds.map((third) =>
    Array.from({ length: size }, (_, place) => {
      const own = third[place % 3];
      const distance = place % n;
      const isNegative = negative[Math.abs(own) - 1].has(Math.min(distance, n - distance));
      return isNegative ? -Math.sign(own) : Math.sign(own);
    })
  );
  return matrixOf(4 * size, (row, column) => {
    const [above, left] = [Math.floor(row / size), Math.floor(column / size)];
    const [i, j] = [row % size, column % size];
    if (above === left) return rows[0][(j - i + size) % size];
    const block = goethalsSeidel[above][left];
    const isTransposed = above > 0 && left > 0;
    const place = isTransposed ? i + j : 2 * size - i - j;
    return Math.sign(block) * rows[Math.abs(block) - 1][place % size];
  });
}

/** As {@linkcode fourBlocks}; but for the diagonal, columns are reversed and those below the first row transposed. */
const goethalsSeidel = [[1, 2, 3, 4], [-2, 1, 4, -3], [-3, -4, 1, 2], [-4, 3, -2, 1]];

function doubled({ order, entries }: Hadamard): Hadamard {
  return matrixOf(2 * order, (row, column) => {
    const entry = entries[(row % order) * order + column % order];
    return row >= order && column >= order ? -entry : entry;
  });
}

function matrixOf(order: number, entry: (row: number, column: number) => number): Hadamard {
  const entries = Int8Array.from(
    { length: order ** 2 },
    (_, i) => entry(Math.floor(i / order), i % order),
  );
  return { order, entries };
}

function oddPart(value: number): number {
  while (value % 2 === 0 && value > 0) value /= 2;
  return value;
}

function isPrime(value: number): boolean {
  for (let divisor = 2; divisor ** 2 <= value; divisor++) if (value % divisor === 0) return false;
  return value > 1;
}
