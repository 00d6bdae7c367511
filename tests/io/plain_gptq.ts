import type { GoldenTensor } from "../golden/read_golden.ts";

/**
 * The weights of a linear map in a checkpoint of GPTQ, `[out, in]`, by the format's definition, bit by bit, and
 * with none of the library's code.
 *
 * @param prefix Of its four tensors.
 * @param stored What is stored for a zero point z: z - 1 in the first version of the format.
 */
export function plainWeights(
  tensors: ReadonlyMap<string, GoldenTensor>,
  prefix: string,
  bits: number,
  stored: "z" | "z - 1",
): Float32Array {
  const [words, zeros, scales, index] = ["qweight", "qzeros", "scales", "g_idx"]
    .map((part) => tensors.get(prefix + part)!);
  const [inputs, outputs] = [index.shape[0], scales.shape[1]];
  const field = (first: number, wordAt: (word: number) => number) => {
    let code = 0;
    for (let bit = 0; bit < bits; bit++) {
      const place = first + bit;
      code += (wordAt(Math.floor(place / 32)) >>> place % 32 & 1) * 2 ** bit;
    }
    return code;
  };
  const weights = new Float32Array(outputs * inputs);
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      const group = index.data[input];
      const code = field(input * bits, (word) => words.data[word * outputs + output]);
      const zero = field(output * bits, (word) => zeros.data[group * zeros.shape[1] + word]) +
        (stored === "z" ? 0 : 1);
      weights[output * inputs + input] = scales.data[group * outputs + output] * (code - zero);
    }
  }
  return weights;
}
