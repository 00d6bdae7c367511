import type { Command } from "commander";
import { require } from "../lib/core/mod.ts";
import { parseJson } from "../lib/io/mod.ts";
import type { ConfiguredMethod, SettingsChanges } from "../lib/methods/mod.ts";

/** What the command line changes of any part of a method. */
export interface SettingsOption {
  settings?: SettingsChanges;
}

/** Adds the option that {@linkcode changeSettings} takes. */
export function addSettingsOption(program: Command): Command {
  return program.option(
    "--settings <json>",
    `others of the settings that reports show, by part: '{"activations":{"bits":6}}'`,
    (text) => parseJson(text, "--settings", "value"),
  );
}

/**
 * A method with other settings.
 *
 * @param name What errors call the method.
 * @throws {InputError} If the method has no such part or setting, or the value is none.
 */
export function changeSettings(
  method: ConfiguredMethod,
  name: string,
  { settings = {} }: SettingsOption,
): ConfiguredMethod {
  const changed = method.with(settings);
  const other = Object.keys(settings).find((part) => !(part in method.settings));
  require(other === undefined, `change the settings of ${name}`, "it has none of this part", other);
  return changed;
}
