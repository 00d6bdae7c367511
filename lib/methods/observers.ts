import { refuse } from "../core/mod.ts";
import { requireLower, takeRows } from "../linear/mod.ts";
import type { Visit } from "../model/mod.ts";
import { mergeRanges, observeRange, type Range, startTrip, type TripSearch } from "../quant/mod.ts";
import { kept, tensorData, tf } from "../tensor/mod.ts";
import type { Observation, TripObservation } from "./pass.ts";
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
  kind: Observation,
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

/** An observer that sees of each value the least important tokens alone; all where there are none. */
export function ofLower(inner: Observer): Observer {
  return {
    see(value, visit) {
      const lower = requireLower(visit.lower);
      inner.see(lower.length > 0 ? takeRows(value as tf.Tensor2D, lower) : value, visit);
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

/** Elements of a site that are kept rather than computed once more: 64 MiB of them. */
const mostKept = 2 ** 24;

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
    this.#search = startTrip(this.#range!, { ...options, channels: this.#channels, name });
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

/** Powers of two up to this, and their inverses, are ordinary float32 numbers. */
const longestShift = 120;

/**
 * H = 2/n sum x x^T over the inputs of a site, n the number of windows (GPTQ, add_batch).
 *
 * Where float32 does not hold the products of inputs that it holds, these are first scaled by a power
 * of two: exact but for underflow, and a factor of H changes no code. That takes two further rounds: one
 * to find how far the inputs reach, and one with scaled ones.
 */
class Gram implements Observer {
  #round: "products" | "reach" | "scaled products" = "products";
  #factor = 1;
  #reach = 0;
  #total?: tf.Tensor;

  constructor(readonly windows: number, readonly name: string, readonly action: string) {}

  see(value: tf.Tensor): void {
    if (this.#round === "reach") {
      this.#lookAt(tensorData(value));
      return;
    }
    const before = this.#total;
    this.#total = kept(() => {
      const operand = this.#factor === 1 ? value : tf.mul(value, this.#factor);
      const gram = tf.matMul(operand as tf.Tensor2D, operand as tf.Tensor2D, true, false);
      return before ? tf.add(before, gram) : gram;
    });
    before?.dispose();
  }

  again(): boolean {
    switch (this.#round) {
      case "products": {
        const largest = largestDiagonal(tensorData(this.#total!));
        this.#round = "reach";
        return !(largest >= smallestDiagonal && largest < Infinity);
      }
      case "reach": {
        if (this.#reach === 0) return false;
        const power = Math.round(Math.log2(this.#reach));
        this.#factor = 2 ** -Math.min(Math.max(power, -longestShift), longestShift);
        this.#total!.dispose();
        this.#total = undefined;
        this.#round = "scaled products";
        return true;
      }
      default:
        return false;
    }
  }

  result(): SiteSeen {
    return { gram: tensorData(this.#total!).map((value) => value * 2 / this.windows) };
  }

  [Symbol.dispose](): void {
    this.#total?.dispose();
    this.#total = undefined;
  }

  #lookAt(values: Float32Array): void {
    for (const x of values) {
      if (!Number.isFinite(x)) refuse(this.action, `${this.name} must be finite`, x);
      this.#reach = Math.max(this.#reach, Math.abs(x));
    }
  }
}

function largestDiagonal(matrix: Float32Array): number {
  const channels = Math.sqrt(matrix.length);
  let largest = 0;
  for (let i = 0; i < matrix.length; i += channels + 1) largest = Math.max(largest, matrix[i]);
  return largest;
}
