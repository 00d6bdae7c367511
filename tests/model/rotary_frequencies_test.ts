import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Config, ConfigReader } from "../../lib/model/config_reader.ts";
import { readRotaryPositions } from "../../lib/model/rotary_config.ts";
import { rotaryFrequencies } from "../../lib/model/rotary_frequencies.ts";
import golden from "../golden/configurations/rotary.json" with { type: "json" };

/** What these settings make of a model of 512 positions. */
function frequenciesOf(settings: Config, headDim: number, window: number) {
  const config = { max_position_embeddings: 512, rope_parameters: settings };
  const { positions } = readRotaryPositions(new ConfigReader(config, "config.json"), headDim, 1);
  return rotaryFrequencies(positions, headDim, window);
}

for (const { settings, head_dim, window, ...expected } of golden.cases) {
  const name = `${JSON.stringify(settings)}, ${head_dim} channels, ${window} tokens`;
  Deno.test(`rotaryFrequencies() are those of Transformers: ${name}`, () => {
    const { frequencies, magnitude } = frequenciesOf(settings, head_dim, window);
    assertEquals(frequencies.length, expected.frequencies.length);
    frequencies.forEach((value, pair) =>
      assertAlmostEquals(value / expected.frequencies[pair], 1, 2e-6)
    );
    assertAlmostEquals(magnitude, expected.magnitude, 1e-12);
  });
}
