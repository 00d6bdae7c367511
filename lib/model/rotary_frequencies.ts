import type { PositionEncoding, RotaryScaling } from "./architecture.ts";

/** What the angles of RoPE are computed from. */
export interface RotaryFrequencies {
  /** The angle between two neighbouring positions, for each pair of channels of a head, `[headDim / 2]`. */
  frequencies: number[];
  /** Factor of rotated queries and keys. */
  magnitude: number;
}

/**
 * The frequencies of RoPE (Su et al. 2021, eq. 15), scaled as Transformers 5 does: linearly (Chen et al.
 * 2023), by a base that grows with the window (dynamic NTK), as in LLaMA 3.1, or by YaRN (Peng et al.
 * 2023, sections 3.2 and 3.3).
 *
 * @param window One more than the largest position that is rotated: how long the window is so far. It
 *   matters under `dynamic` alone. (Transformers keeps the longest it has met until a window is shorter than
 *   `originalPositions`; here each window has its own, as after loading.)
 */
export function rotaryFrequencies(
  { theta, scaling }: PositionEncoding & { kind: "rotary" },
  headDim: number,
  window: number,
): RotaryFrequencies {
  const plain = (base: number) =>
    Array.from({ length: headDim / 2 }, (_, pair) => base ** (-2 * pair / headDim));
  if (!scaling) return { frequencies: plain(theta), magnitude: 1 };
  const { factor, originalPositions } = scaling;
  switch (scaling.type) {
    case "linear":
      return { frequencies: plain(theta).map((each) => each / factor), magnitude: 1 };
    case "dynamic": {
      const stretch = factor * Math.max(window, originalPositions) / originalPositions - factor + 1;
      return { frequencies: plain(theta * stretch ** (headDim / (headDim - 2))), magnitude: 1 };
    }
    case "llama3": {
      const { lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
      const frequencies = plain(theta).map((each) => {
        const turns = originalPositions * each / (2 * Math.PI);
        return mix(each / factor, each, (turns - low) / (high - low));
      });
      return { frequencies, magnitude: 1 };
    }
    case "yarn": {
      const [first, last] = yarnPassage(scaling, theta, headDim);
      const frequencies = plain(theta).map((each, pair) =>
        mix(each, each / factor, (pair - first) / (last - first))
      );
      return { frequencies, magnitude: scaling.attentionFactor };
    }
  }
}

/** `from` for a share up to 0, `to` for one of at least 1. */
function mix(from: number, to: number, share: number): number {
  const own = Math.min(Math.max(share, 0), 1);
  return from * (1 - own) + to * own;
}

/** Between which pairs of channels YaRN passes from frequencies as they are to scaled ones. */
function yarnPassage(
  { betaFast, betaSlow, truncate, originalPositions }: RotaryScaling & { type: "yarn" },
  theta: number,
  headDim: number,
): [first: number, last: number] {
  // The pair of channels that turns so often within the original window.
  const pairOf = (turns: number) =>
    headDim * Math.log(originalPositions / (turns * 2 * Math.PI)) / (2 * Math.log(theta));
  const [fast, slow] = [pairOf(betaFast), pairOf(betaSlow)];
  const first = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const last = Math.min(truncate ? Math.ceil(slow) : slow, headDim - 1);
  return [first, first === last ? last + 0.001 : last];
}
