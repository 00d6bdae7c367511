import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { readPackedSettings } from "../../lib/io/packed_settings.ts";

const gptq = { quant_method: "gptq", bits: 4, group_size: 128, sym: false };
const awq = { quant_method: "awq", bits: 4, group_size: 64, zero_point: true, version: "GEMM" };

Deno.test("readPackedSettings() reads both versions of GPTQ's format", () => {
  const version1 = { method: "gptq", bits: 4, groupSize: 128, zeroOffset: 1, actOrder: false };
  const read = (more: object) => readPackedSettings({ ...gptq, ...more }, "config.json") as unknown;
  assertEquals(read({}), version1);
  assertEquals(read({ checkpoint_format: "gptq" }), version1);
  assertEquals(read({ checkpoint_format: "gptq_v2" }), {
    ...version1,
    zeroOffset: 0,
    actOrder: false,
  });
  assertEquals(read({ format: "gptq_v2", bits: 3, group_size: -1 }), {
    ...version1,
    ...{ bits: 3, groupSize: Infinity, zeroOffset: 0, actOrder: false },
  });
  assertEquals(read({ desc_act: true }), { ...version1, actOrder: true });
  const harmless = { dynamic: {}, rotation: null, is_marlin_format: false, pack_dtype: "int32" };
  assertEquals(read(harmless), version1);
  const { quant_method: _, ...older } = gptq;
  assertEquals(readPackedSettings(older, "quantize_config.json", "gptq") as unknown, version1);
});

Deno.test("readPackedSettings() reads AWQ's gemm layout in both spellings", () => {
  const expected = { method: "awq", bits: 4, groupSize: 64, zeroOffset: 0, actOrder: false };
  assertEquals(readPackedSettings(awq, "config.json") as unknown, expected);
  const older = { quant_method: "awq", w_bit: 4, q_group_size: 64 };
  assertEquals(readPackedSettings(older, "config.json") as unknown, expected);
});

const refused: [settings: unknown, rule: string][] = [
  [7, "its quantization must be an object, got 7"],
  [{ bits: 4 }, "quant_method must be gptq or awq to be read here, got null"],
  [
    { quant_method: "bitsandbytes", load_in_8bit: true },
    'quant_method must be gptq or awq to be read here, got "bitsandbytes"',
  ],
  [
    { quant_method: "compressed-tensors" },
    'quant_method must be gptq or awq to be read here, got "compressed-tensors"',
  ],
  [{ quant_method: "fp8" }, 'quant_method must be gptq or awq to be read here, got "fp8"'],
  [{ ...gptq, bits: 5 }, "bits of gptq must be 2, 3, 4, 8, got 5"],
  [{ ...gptq, bits: "4" }, 'bits of gptq must be 2, 3, 4, 8, got "4"'],
  [{ ...awq, bits: 8 }, "bits of awq must be 4, got 8"],
  [{ ...gptq, group_size: 0 }, "group_size must be a positive integer or -1, got 0"],
  [{ ...gptq, group_size: undefined }, "group_size must be a positive integer or -1, got null"],
  [
    { ...gptq, checkpoint_format: "marlin" },
    'checkpoint_format must be gptq or gptq_v2 to be read here, got "marlin"',
  ],
  [
    { ...gptq, is_marlin_format: true },
    "is_marlin_format must be absent or false to be read here, got true",
  ],
  [
    { ...gptq, dynamic: { "mlp.*": { bits: 8 } } },
    'dynamic must be absent to be read here, got {"mlp.*":{"bits":8}}',
  ],
  [
    { ...gptq, pack_dtype: "int16" },
    'pack_dtype must be absent or "int32" or "torch.int32" to be read here, got "int16"',
  ],
  [{ ...awq, version: "gemv" }, 'version must be gemm to be read here, got "gemv"'],
  [{ ...awq, version: 2 }, "version must be gemm to be read here, got 2"],
  [{ ...awq, zero_point: false }, "zero_point must be true to be read here, got false"],
];

for (const [settings, rule] of refused) {
  Deno.test(`readPackedSettings() refuses ${JSON.stringify(settings)}`, () => {
    const message = `Cannot load config.json: ${rule}`;
    assertThrows(() => readPackedSettings(settings, "config.json"), InputError, message);
  });
}
