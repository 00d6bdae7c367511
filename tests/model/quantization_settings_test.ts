import { assertEquals, assertRejects } from "@std/assert";
import { InputError } from "../../lib/core/mod.ts";
import { ConfigReader } from "../../lib/model/config_reader.ts";
import { readQuantization } from "../../lib/model/quantization_settings.ts";
import { withFolder } from "../io/temporary_folder.ts";

const settings = { quant_method: "gptq", bits: 4, group_size: 32 };
const read = { method: "gptq", bits: 4, groupSize: 32, zeroOffset: 1, actOrder: false };

/** What a folder's configuration says. */
function quantization(folder: string, config: Record<string, unknown>): Promise<unknown> {
  return readQuantization(folder, new ConfigReader(config, `${folder}/config.json`));
}

Deno.test("readQuantization() reads config.json and, without a word there, quantize_config.json", () =>
  withFolder(async (folder) => {
    assertEquals(await quantization(folder, {}), undefined);
    assertEquals(await quantization(folder, { quantization_config: settings }), read);
    const { quant_method: _, ...older } = settings;
    await Deno.writeTextFile(`${folder}/quantize_config.json`, JSON.stringify(older));
    assertEquals(await quantization(folder, {}), read);
    const eight = { quantization_config: { ...settings, bits: 8 } };
    assertEquals(await quantization(folder, eight), { ...read, bits: 8 });
  }));

Deno.test("readQuantization() reads the quant_config.json of older checkpoints of AWQ", () =>
  withFolder(async (folder) => {
    const older = { zero_point: true, q_group_size: 64, w_bit: 4, version: "GEMM" };
    await Deno.writeTextFile(`${folder}/quant_config.json`, JSON.stringify(older));
    const expected = { method: "awq", bits: 4, groupSize: 64, zeroOffset: 0, actOrder: false };
    assertEquals(await quantization(folder, {}), expected);
  }));

Deno.test("readQuantization() names the file that it refuses", () =>
  withFolder(async (folder) => {
    const refuses = (config: Record<string, unknown>, message: string) =>
      assertRejects(() => quantization(folder, config), InputError, message);
    const other = { quantization_config: { quant_method: "hqq" } };
    const method = "quant_method must be gptq or awq to be read here";
    await refuses(other, `Cannot load ${folder}/config.json: ${method}, got "hqq"`);
    const compression = "compression_config must be absent to be read here";
    await refuses({ compression_config: 7 }, `Cannot load ${folder}/config.json: ${compression}`);
    await Deno.writeTextFile(`${folder}/quantize_config.json`, '{"bits": 9}');
    await refuses({}, `Cannot load ${folder}/quantize_config.json: bits of gptq must be`);
  }));
