import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { gptqConfig, methods } from "../../lib/methods/mod.ts";

Deno.test("gptqConfig() says of GPTQ what other programs ask for", () => {
  assertEquals<unknown>(gptqConfig(methods.gptq4.settings.weights!), {
    ...{ bits: 4, group_size: 128, desc_act: true, sym: false, damp_percent: 0.01 },
    ...{ true_sequential: true, lm_head: false, pack_dtype: "int32" },
    ...{ quant_method: "gptq", checkpoint_format: "gptq_v2" },
  });
});

Deno.test("gptqConfig() is of the first version of the format where grids are symmetric", () => {
  const { weights } = methods.rtn4.with({ weights: { symmetric: true } }).settings;
  const { sym, group_size, checkpoint_format: format, ...others } = gptqConfig(weights!);
  assertEquals([sym, group_size, format], [true, -1, "gptq"]);
  assertEquals("damp_percent" in others, false);
});

Deno.test("gptqConfig() leaves out a damping that readers refuse", () => {
  for (const percdamp of [0, 1]) {
    const { weights } = methods.gptq4.with({ weights: { percdamp } }).settings;
    assertEquals("damp_percent" in gptqConfig(weights!), false);
  }
});

Deno.test("gptqConfig() refuses codes that the format does not have", () => {
  const { weights } = methods.rtn4.with({ weights: { bits: 5 } }).settings;
  assertThrows(
    () => gptqConfig(weights!),
    InputError,
    "Cannot write a checkpoint of GPTQ: bits must be 2, 3, 4, 8 (--format safetensors takes all), " +
      "got 5",
  );
});
