import { refuse } from "../core/mod.ts";
import { triangleLength, triangleRow, triangleSize } from "../format/mod.ts";
import { firstRows, requireLower, takeRows } from "../linear/mod.ts";
import type { Visit } from "../model/mod.ts";
import { mergeRanges, observeRange, type Range, startTrip, type TripSearch } from "../quant/mod.ts";
import { simdTripErrors, tensorData, tf, tidy } from "../tensor/mod.ts";
import type { Pass, SiteObservation, TripObservation } from "./pass.ts";
import type { SeenValues, SiteSeen } from "./seen.ts";

/** Gathers what one site gives. Dispose of it when done. */
export interface Observer extends Disposable {
  /** Looks at a value of one window, which lives as long as the call. */
  see(value: tf.Tensor, visit: Visit): void;
  /** Whether it must see all windows once more. */
  again(): boolean;
  /** What it gathered. */
  result(): SiteSeen;
}

/**
 * An observer of so many windows.
 *
 * @param name What errors call the site: `mlp.input of layer 3`.
 * @param action What errors say cannot be done: `calibrate opt`.
 */
export function observer(
  kind: SiteObservation,
  windows: number,
  name: string,
  action = "calibrate",
): Observer {
  if (typeof kind !== "string") return new Trip(kind.trip, name);
  switch (kind) {
    case "gram":
      return new Gram(windows, name, action);
    case "values":
      return new Values();
    default:
      return new Extremes(kind === "range" ? "tensor" : "channel", name);
  }
}

/**
 * An observer that sees of each value some tokens alone; all where it has none of these.
 *
 * @param sees Which tokens.
 */
export function ofTokens(inner: Observer, sees: NonNullable<Pass["sees"]>): Observer {
  const chosenOf = (value: tf.Tensor, visit: Visit) => {
    if (sees === "lower") return requireLower(visit);
    const first = firstRows(visit);
    if (sees === "first") return first;
    const isFirst = new Set(first);
    return Int32Array.from({ length: value.shape[0] }, (_, row) => row)
      .filter((row) => !isFirst.has(row));
  };
  return {
    see(value, visit) {
      const rows = chosenOf(value, visit);
      const isSome = rows.length > 0 && rows.length < value.shape[0];
      inner.see(isSome ? takeRows(value as tf.Tensor2D, rows) : value, visit);
    },
    again: () => inner.again(),
    result: () => inner.result(),
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}

class Values implements Observer {
  #seen: SeenValues = { channels: 0, windows: [] };

  see(value: tf.Tensor): void {
    this.#seen.channels = value.shape.at(-1)!;
    this.#seen.windows.push(tensorData(value).slice());
  }

  again(): boolean {
    return false;
  }

  result(): SiteSeen {
    return { values: this.#seen };
  }

  [Symbol.dispose](): void {}
}

class Extremes implements Observer {
  #range?: Range;

  constructor(readonly granularity: "tensor" | "channel", readonly name: string) {}

  see(value: tf.Tensor): void {
    const { granularity, name } = this;
    const range = observeRange(tensorData(value), {
      granularity,
      channels: value.shape.at(-1)!,
      name,
    });
    this.#range = this.#range ? mergeRanges(this.#range, range) : range;
  }

  again(): boolean {
    return false;
  }

  result(): SiteSeen {
    return { range: this.#range! };
  }

  [Symbol.dispose](): void {}
}

/** Elements of a site that are kept rather than computed once more: 128 MiB of them. */
const mostKept = 2 ** 25;

/** The range of all windows first, then the errors of each power, so that few values are kept. */
class Trip implements Observer {
  #channels = 0;
  #elements = 0;
  #kept: Float32Array[] = [];
  #range?: Range;
  #search?: TripSearch;

  constructor(readonly options: TripObservation["trip"], readonly name: string) {}

  see(value: tf.Tensor): void {
    const x = tensorData(value);
    if (this.#search) {
      this.#search.add(x);
      return;
    }
    const channels = value.shape.at(-1)!;
    const range = observeRange(x, { granularity: "tensor", channels, name: this.name });
    this.#range = this.#range ? mergeRanges(this.#range, range) : range;
    this.#channels = channels;
    this.#elements += x.length;
    if (this.#elements <= mostKept) this.#kept.push(x.slice());
    else this.#kept = [];
  }

  again(): boolean {
    if (this.#search) return false;
    const { options, name } = this;
    this.#search = startTrip(
      this.#range!,
      { ...options, channels: this.#channels, name },
      simdTripErrors(),
    );
    if (this.#elements > mostKept) return true;
    for (const x of this.#kept) this.#search.add(x);
    this.#kept = [];
    return false;
  }

  result(): SiteSeen {
    return { trip: this.#search!.result() };
  }

  [Symbol.dispose](): void {}
}

/** A largest diagonal element below this is taken for inputs whose products leave float32. */
const smallestDiagonal = 2 ** -64;

/** Rows of the matrix that are computed together: those of small models are one panel. */
const panelRows = 512;

/** Powers of two up to this, and their inverses, are ordinary float32 numbers. */
const longestShift = 120;

/**
 * The upper triangle of H = 2/n sum x x^T over the inputs of a site, n the number of windows (GPTQ, add_batch).
 * It is added up outside of the memory of tensors, in which one panel of rows is at a time.
 *
 * Where float32 does not hold the products of inputs that it holds, these are first scaled by a power
 * of two: exact but for underflow, and a factor of H changes no code. That takes two further rounds: one
 * to find how far the inputs reach, and one with scaled ones.
 */
class Gram implements Observer {
  #round: "products" | "reach" | "scaled products" = "products";
  #factor = 1;
  #reach = 0;
  #total = new Float32Array();

  constructor(readonly windows: number, readonly name: string, readonly action: string) {}

  see(value: tf.Tensor): void {
    if (this.#round === "reach") {
      this.#lookAt(tensorData(value));
      return;
    }
    const [tokens, channels] = value.shape as [number, number];
    if (this.#total.length === 0) this.#total = new Float32Array(triangleLength(channels));
    tidy(() => {
      const scaled = this.#factor === 1 ? value : tf.mul(value, this.#factor);
      for (let first = 0; first < channels; first += panelRows) {
        const rows = Math.min(panelRows, channels - first);
        tidy(() => {
          const from = (size: number) =>
            size === channels ? scaled : tf.slice(scaled, [0, first], [tokens, size]);
          const own = from(rows) as tf.Tensor2D;
          const behind = from(channels - first) as tf.Tensor2D;
          this.#add(tensorData(tf.matMul(own, behind, true, false)), first, rows, channels);
        });
      }
    });
  }

  /** Adds rows of the product, `[rows, channels - first]`, the first of them being `first`. */
  #add(product: Float32Array, first: number, rows: number, channels: number): void {
    const stride = channels - first;
    const total = this.#total;
    for (let row = 0; row < rows; row++) {
      const start = triangleRow(first + row, channels) + first;
      for (let i = row; i < stride; i++) total[start + i] += product[row * stride + i];
    }
  }

  again(): boolean {
    switch (this.#round) {
      case "products": {
        const largest = largestDiagonal(this.#total);
        this.#round = "reach";
        return !(largest >= smallestDiagonal && largest < Infinity);
      }
      case "reach": {
        if (this.#reach === 0) return false;
        const power = Math.round(Math.log2(this.#reach));
        this.#factor = 2 ** -Math.min(Math.max(power, -longestShift), longestShift);
        this.#total.fill(0);
        this.#round = "scaled products";
        return true;
      }
      default:
        return false;
    }
  }

  result(): SiteSeen {
    const gram = this.#total;
    for (let i = 0; i < gram.length; i++) gram[i] = gram[i] * 2 / this.windows;
    return { gram };
  }

  [Symbol.dispose](): void {}

  #lookAt(values: Float32Array): void {
    for (const x of values) {
      if (!Number.isFinite(x)) refuse(this.action, `${this.name} must be finite`, x);
      this.#reach = Math.max(this.#reach, Math.abs(x));
    }
  }
}

function largestDiagonal(triangle: Float32Array): number {
  const channels = triangleSize(triangle.length);
  let largest = 0;
  for (let row = 0; row < channels; row++) {
    largest = Math.max(largest, triangle[triangleRow(row, channels) + row]);
  }
  return largest;
}
