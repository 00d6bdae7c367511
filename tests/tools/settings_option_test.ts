import { assertEquals, assertThrows } from "@std/assert";
import { Command } from "commander";
import { InputError } from "../../lib/core/mod.ts";
import { methodOf } from "../../lib/methods/mod.ts";
import {
  addSettingsOption,
  changeSettings,
  type SettingsOption,
} from "../../tools/settings_option.ts";

/** What this value of the option makes of a method's settings. */
function changed(method: string, ...args: string[]) {
  const program = addSettingsOption(new Command().exitOverride());
  const options = program.parse(args, { from: "user" }).opts<SettingsOption>();
  return changeSettings(methodOf(method), method, options).settings;
}

Deno.test("changeSettings() changes settings of any part, and none unless told", () => {
  const { weights, activations } = methodOf("fp8").settings;
  assertEquals(changed("fp8"), { weights, activations });
  const json = '{"weights":{"exponentBits":3},"activations":{"specials":"finite"}}';
  assertEquals(
    changed("fp8", "--settings", json),
    {
      weights: { ...weights!, exponentBits: 3 },
      activations: { ...activations!, specials: "finite" },
    } as SettingsOption["settings"],
  );
  assertEquals(changed("quarot", "--settings", '{"rotation":{"seed":1}}').rotation, { seed: 1 });
});

Deno.test("addSettingsOption() and changeSettings() refuse what is no setting in one line", () => {
  const refused: [method: string, json: string, message: string][] = [
    ["fp8", "{", "Cannot read --settings: the value must be JSON"],
    [
      "fp8",
      '{"weights":{},"weights":{}}',
      "Cannot read --settings: the value must not repeat a key",
    ],
    ["fp8", "[1]", "Cannot change the settings of FP8 E4M3: they must be an object, got [1]"],
    ["fp8", '{"weights":{"exponent":3}}', "those of weights are bits, exponentBits, "],
    ["fp8", '{"weight":{"bits":3}}', "they must be of weights, activations or rotation"],
    [
      "rtn4",
      '{"activations":{"bits":6}}',
      'Cannot change the settings of rtn4: it has none of this part, got "activations"',
    ],
  ];
  for (const [method, json, message] of refused) {
    assertThrows(() => changed(method, "--settings", json), InputError, message);
  }
});
