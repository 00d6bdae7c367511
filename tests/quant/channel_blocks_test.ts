import { assertEquals, assertThrows } from "@std/assert";
import { InputError, seededRandom } from "../../lib/core/mod.ts";
import {
  averageBits,
  channelBlocks,
  dequantizeChannelBlocks,
  quantizeChannelBlocks,
} from "../../lib/quant/mod.ts";
import { roundHalfEven } from "../../lib/quant/rounding.ts";

const options = { blockSize: 2, bits: 4, outlierBits: 8, threshold: 3 };

Deno.test("channelBlocks() puts outliers together, the largest first, and gives their blocks more bits", () => {
  const largest = Float32Array.of(1, 9, 2, 2, 0.5, 7, 3); // the median channel reaches 2
  const blocks = channelBlocks(largest, options);
  assertEquals([...blocks.order], [1, 5, 6, 2, 3, 0, 4]);
  assertEquals([...blocks.bits], [8, 4, 4, 4]);
  assertEquals(averageBits(blocks), (2 * 8 + 5 * 4) / 7);
  const lower = channelBlocks(largest, { ...options, threshold: 1 });
  assertEquals([...lower.bits], [8, 8, 4, 4]); // the block of 3 and 2: its first is an outlier
  const one = channelBlocks(largest, { ...options, blockSize: 128 });
  assertEquals([averageBits(one), one.bits.length], [8, 1]);
  assertEquals(averageBits(channelBlocks(new Float32Array(4), options)), 4);
});

Deno.test("quantizeChannelBlocks() rounds each row and block by its own step, as by definition", () => {
  const random = seededRandom(3);
  const [rows, channels] = [5, 11];
  const x = Float32Array.from({ length: rows * channels }, () => 8 * random.uniform() - 4);
  const largest = Float32Array.from({ length: channels }, () => 10 * random.uniform());
  const blocks = channelBlocks(largest, { ...options, blockSize: 4, threshold: 1 });
  const quantized = quantizeChannelBlocks(x, blocks);
  const expected = new Float32Array(x.length);
  for (let row = 0; row < rows; row++) {
    for (const [block, bits] of blocks.bits.entries()) {
      const places = [...blocks.order.slice(4 * block, 4 * block + 4)];
      const own = places.map((channel) => x[row * channels + channel]);
      const step = Math.fround(Math.max(...own.map(Math.abs)) / (2 ** (bits - 1) - 1));
      places.forEach((channel, i) =>
        expected[row * channels + channel] = roundHalfEven(Math.fround(own[i] / step)) * step
      );
    }
  }
  assertEquals(dequantizeChannelBlocks(quantized, blocks), expected);
  assertEquals(quantized.scale.length, rows * 3);
});

Deno.test("quantizeChannelBlocks() reaches every code of its bits, and zeros stay zero", () => {
  for (let bits = 2; bits <= 8; bits++) {
    const most = 2 ** (bits - 1) - 1;
    const all = Float32Array.from({ length: 2 * most + 1 }, (_, i) => (i - most) / 4);
    const blocks = channelBlocks(all.map(Math.abs), { ...options, bits, blockSize: all.length });
    assertEquals(blocks.bits[0], bits);
    const { codes } = quantizeChannelBlocks(all, blocks);
    assertEquals([...codes].sort((a, b) => a - b), [...all].map((value) => 4 * value));
    const zeros = quantizeChannelBlocks(new Float32Array(all.length), blocks);
    assertEquals(dequantizeChannelBlocks(zeros, blocks), new Float32Array(all.length));
  }
});

Deno.test("channelBlocks() and quantizeChannelBlocks() refuse what they do not know", () => {
  const refuses = (changes: object, rule: string) =>
    assertThrows(
      () => channelBlocks(new Float32Array(4), { ...options, ...changes }, "mlp.input of layer 1"),
      InputError,
      `Cannot quantize mlp.input of layer 1: ${rule}`,
    );
  refuses({ bits: 1 }, "bits must be an integer in 2..8, got 1");
  refuses({ outlierBits: 16 }, "bits must be an integer in 2..8, got 16");
  refuses({ bits: 4, outlierBits: 3 }, "outlierBits must be at least the 4 bits of others, got 3");
  refuses({ blockSize: 0 }, "groupSize must be a positive integer, got 0");
  refuses({ threshold: -1 }, "threshold must be 0 or more, got -1");
  const blocks = channelBlocks(new Float32Array(2), options);
  const quantize = (...x: number[]) => () => quantizeChannelBlocks(Float32Array.from(x), blocks);
  assertThrows(quantize(1, NaN), InputError, "element 1 must be finite, got NaN");
  assertThrows(quantize(1, 2, 3), InputError, "its length must be a multiple of 2 channels");
});
