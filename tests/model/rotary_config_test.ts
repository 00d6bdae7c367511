import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { type Config, ConfigReader } from "../../lib/model/config_reader.ts";
import { readRotaryPositions, writeRotaryPositions } from "../../lib/model/rotary_config.ts";
import type { RotaryScaling } from "../../lib/model/mod.ts";

const read = (config: Config, headDim = 8) =>
  readRotaryPositions(new ConfigReader(config, "a/config.json"), headDim, 2048);

/** What scaling these settings say, of a model of 64 positions. */
function scalingOf(settings: Config, beside: Config = {}): RotaryScaling | undefined {
  return read({ max_position_embeddings: 64, ...beside, rope_parameters: settings })
    .positions.scaling;
}

const llama3 = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

Deno.test("readRotaryPositions() reads what Transformers 4 and 5 write alike", () => {
  const { rope_type, ...others } = llama3;
  const expected = {
    positions: {
      kind: "rotary" as const,
      theta: 500,
      scaling: {
        type: "llama3" as const,
        factor: 8,
        originalPositions: 32,
        lowFrequencyFactor: 1,
        highFrequencyFactor: 4,
      },
    },
    maxPositions: 256,
  };
  const longest = { max_position_embeddings: 64 };
  for (
    const spelling of [
      { rope_parameters: { ...llama3, rope_theta: 500 } },
      { rope_parameters: llama3, rope_theta: 500 },
      { rope_parameters: { ...llama3, rope_theta: 500 }, rope_theta: 10000 },
      { rope_scaling: llama3, rope_theta: 500 },
      { rope_scaling: { ...others, type: rope_type }, rope_theta: 500 },
      { rope_scaling: { ...llama3, type: rope_type }, rope_theta: 500, rope_parameters: null },
    ]
  ) assertEquals(read({ ...longest, ...spelling }), expected);
});

Deno.test("readRotaryPositions() takes plain rotation where nothing else is said", () => {
  const plain = (theta: number) => ({
    positions: { kind: "rotary" as const, theta },
    maxPositions: 2048,
  });
  assertEquals(read({}), plain(10000));
  assertEquals(read({ rope_scaling: null, rope_theta: 7 }), plain(7));
  assertEquals(read({ rope_parameters: { rope_type: "default", rope_theta: 5 } }), plain(5));
  assertEquals(read({ rope_parameters: { partial_rotary_factor: 1 } }), plain(10000));
  assertEquals(read({ rope_parameters: {}, partial_rotary_factor: 1 }), plain(10000));
});

Deno.test("readRotaryPositions() takes what Transformers 5 infers", () => {
  const yarn = { rope_type: "yarn", factor: 4 };
  const inferred = {
    type: "yarn" as const,
    factor: 4,
    originalPositions: 64,
    betaFast: 32,
    betaSlow: 1,
    truncate: true,
    attentionFactor: 0.1 * Math.log(4) + 1,
  };
  assertEquals(scalingOf(yarn), inferred);
  assertEquals(scalingOf({ ...yarn, beta_fast: 0, beta_slow: null, finetuned: true }), inferred);
  assertEquals(scalingOf({ ...yarn, mscale: 2, mscale_all_dim: 0 }), inferred);
  assertEquals(scalingOf({ ...yarn, mscale: 2, mscale_all_dim: 0.5 }), {
    ...inferred,
    attentionFactor: (0.2 * Math.log(4) + 1) / (0.05 * Math.log(4) + 1),
  });
  assertEquals(
    scalingOf({
      ...yarn,
      mscale: 2,
      mscale_all_dim: 0.5,
      attention_factor: 0.75,
      beta_fast: 16,
      beta_slow: 2,
      truncate: false,
    }),
    { ...inferred, attentionFactor: 0.75, betaFast: 16, betaSlow: 2, truncate: false },
  );
  const own = { ...yarn, factor: null, original_max_position_embeddings: 16 };
  assertEquals(scalingOf(own), { ...inferred, originalPositions: 16 });
  const beside = { original_max_position_embeddings: 32 };
  assertEquals(scalingOf({ ...yarn, original_max_position_embeddings: 16 }, beside), {
    ...inferred,
    originalPositions: 32,
  });
  assertEquals(scalingOf({ ...yarn, factor: 0.5 })!, {
    ...inferred,
    factor: 0.5,
    attentionFactor: 1,
  });
});

Deno.test("readRotaryPositions() lets windows be as long as positions are scaled for", () => {
  const lengths = (settings: Config) =>
    read({ max_position_embeddings: 64, rope_parameters: settings }).maxPositions;
  assertEquals(lengths({ rope_type: "linear", factor: 2.5 }), 160);
  assertEquals(lengths({ rope_type: "dynamic", factor: 4 }), 256);
  assertEquals(lengths({ rope_type: "yarn", factor: 4 }), 256);
  assertEquals(lengths({ ...llama3, original_max_position_embeddings: 4 }), 64);
});

Deno.test("writeRotaryPositions() writes what readRotaryPositions() reads", () => {
  for (
    const settings of [
      {},
      { rope_theta: 500 },
      { rope_type: "linear", factor: 2.3, rope_theta: 500 },
      { rope_type: "dynamic", factor: 2.3 },
      llama3,
      {
        rope_type: "yarn",
        factor: 4,
        mscale: 0.7,
        mscale_all_dim: 1,
        original_max_position_embeddings: 9,
      },
      { rope_type: "yarn", factor: 4, truncate: false, beta_fast: 20 },
    ]
  ) {
    const first = read({ max_position_embeddings: 64, rope_parameters: settings });
    assertEquals(read(writeRotaryPositions(first)), first);
  }
});

Deno.test("readRotaryPositions() refuses by name what is not computed here", () => {
  const types = '"default" or "linear" or "dynamic" or "llama3" or "yarn" to be computed here, got';
  const refusals: [Config, string][] = [
    [{ rope_scaling: "linear" }, 'rope_scaling must be a JSON object, got "linear"'],
    [{ rope_parameters: [1] }, "rope_parameters must be a JSON object, got [1]"],
    [
      { rope_scaling: { type: "longrope", short_factor: [1], long_factor: [2] } },
      `rope_scaling.rope_type must be ${types} "longrope"`,
    ],
    [{ rope_scaling: { type: null, rope_type: 3 } }, `rope_scaling.rope_type must be ${types} 3`],
    [
      { rope_parameters: { rope_type: "default", type: "yarn" } },
      'rope_parameters.type must be equal to rope_type, "default", got "yarn"',
    ],
    [
      { rope_parameters: { rope_type: "default" }, rope_scaling: { type: "linear", factor: 2 } },
      'rope_scaling must be equal to rope_parameters, got {"type":"linear","factor":2}',
    ],
    [
      { partial_rotary_factor: 0.5 },
      "partial_rotary_factor must be 1 to be computed here, got 0.5",
    ],
    [
      { rope_parameters: { rope_theta: 500, partial_rotary_factor: 0.5 } },
      "rope_parameters.partial_rotary_factor must be 1 to be computed here, got 0.5",
    ],
    [
      { rope_parameters: { full_attention: { rope_theta: 500 } } },
      'rope_parameters.full_attention must be absent to be computed here, got {"rope_theta":500}',
    ],
    [
      { rope_parameters: { rope_type: "default", factor: 2 } },
      "rope_parameters.factor must be absent to be computed here, got 2",
    ],
    [
      { rope_parameters: { rope_type: "linear", factor: 2, low_freq_factor: 1 } },
      "rope_parameters.low_freq_factor must be absent to be computed here, got 1",
    ],
    [
      { rope_scaling: { type: "linear" } },
      "rope_scaling.factor must be a positive number, got null",
    ],
    [
      { rope_parameters: { ...llama3, factor: 0 } },
      "rope_parameters.factor must be a positive number, got 0",
    ],
    [
      { rope_parameters: { ...llama3, low_freq_factor: 4 } },
      "rope_parameters.high_freq_factor must be above low_freq_factor, 4, got 4",
    ],
    [
      { rope_parameters: { ...llama3, original_max_position_embeddings: 1.5 } },
      "rope_parameters.original_max_position_embeddings must be a positive integer, got 1.5",
    ],
    [
      { rope_parameters: { rope_type: "yarn", factor: 2, beta_fast: 1, beta_slow: 2 } },
      "rope_parameters.beta_fast must be at least beta_slow, 2, got 1",
    ],
    [
      { rope_parameters: { rope_type: "yarn", factor: 2, mscale: "big", mscale_all_dim: 1 } },
      'rope_parameters.mscale must be a positive number, got "big"',
    ],
    [
      { rope_parameters: { rope_type: "yarn", factor: 2, attention_factor: -1 } },
      "rope_parameters.attention_factor must be a positive number, got -1",
    ],
    [
      { rope_parameters: { rope_type: "yarn", factor: 2, truncate: 1 } },
      "rope_parameters.truncate must be true or false, got 1",
    ],
  ];
  for (const [config, rule] of refusals) {
    assertThrows(() => read(config), InputError, `Cannot load a/config.json: ${rule}`);
  }
  assertThrows(() => read({}, 3), InputError, "head_dim must be even, got 3");
  assertThrows(
    () => read({ rope_parameters: { rope_type: "dynamic", factor: 2 } }, 2),
    InputError,
    "rope_parameters.factor must be absent where head_dim is 2, got 2",
  );
});
