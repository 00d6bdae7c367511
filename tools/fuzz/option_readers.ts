import { assert } from "@std/assert";
import { Command, CommanderError } from "commander";
import fc from "fast-check";
import {
  allocatableSites,
  type BitAllocation,
  linearMapsOf,
  methods,
} from "../../lib/methods/mod.ts";
import { addAllocateActivations, addAllocateOptions, readAllocation } from "../allocate_option.ts";
import {
  choiceOption,
  integerOption,
  listOption,
  numberOption,
  pathOption,
} from "../command_line.ts";
import { addModelOptions } from "../model_options.ts";
import { addSettingsOption, changeSettings, type SettingsOption } from "../settings_option.ts";
import { addDrawOptions } from "../text_options.ts";
import { addWeightOptions } from "../weight_options.ts";
import { changedJson } from "./changed_json.ts";
import type { Reader } from "./fuzz_reader.ts";
import { sampleArchitectures } from "./samples.ts";

/** What reads the command line and the files that it says more in. */
export const optionReaders: Record<string, Reader> = {
  "command line": {
    file: "arguments.txt",
    called: ["the command line", "--settings"],
    prepare: () =>
      fc.array(fc.oneof(fc.constantFrom(...flags, ...words), fc.string({ unit: "binary" })))
        .map((list) => new TextEncoder().encode(list.join("\n"))),
    read(_, input) {
      parse(new TextDecoder().decode(input).split("\n"));
    },
  },
  settings: {
    file: "settings.json",
    called: ["--settings", "the settings of", "quantize with"],
    prepare: () => changedJson(...Object.values(methods).map(({ settings }) => settings)),
    read(_, input) {
      const program = addSettingsOption(new Command().exitOverride());
      program.action(useSettings).parse(["--settings", new TextDecoder().decode(input)], {
        from: "user",
      });
    },
  },
  allocation: {
    file: "allocation.json",
    prepare: () => {
      const { llama } = sampleArchitectures;
      const sites = allocatableSites(methods["agileq-8"].passes(llama));
      return changedJson({
        allocation: uniformBits(linearMapsOf(llama), llama.layers),
        activationAllocation: uniformBits(sites, llama.layers),
      });
    },
    async read(folder) {
      const path = `${folder}/allocation.json`;
      const options = { allocate: path, allocateActivations: path };
      const { llama } = sampleArchitectures;
      (await readAllocation(methods["agileq-8"], "agileq-8", options, llama)).passes(llama);
    },
  },
};

/** Changes every method that takes the settings, which one of them must. */
function useSettings(options: SettingsOption): void {
  const refusals: unknown[] = [];
  let taken = 0;
  for (const [name, method] of Object.entries(methods)) {
    try {
      const changed = changeSettings(method, name, options);
      changed.passes(sampleArchitectures.llama);
      changed.activationBits(sampleArchitectures.llama);
      changed.counts();
      taken++;
    } catch (error) {
      refusals.push(error);
    }
  }
  const isDefect = (error: unknown) => (error as Error).name !== "InputError";
  const worst = refusals.find(isDefect) ?? (taken > 0 ? undefined : refusals[0]);
  if (worst !== undefined) throw worst;
}

/** The same bits for all that a layer has. */
function uniformBits(names: readonly string[], layers: number): BitAllocation<string> {
  const layer = Object.fromEntries(names.map((name) => [name, 4]));
  return Array.from({ length: layers }, () => layer);
}

/** A program with the options of the tools, and one of every kind. */
function program(): Command {
  const program = new Command().exitOverride()
    .configureOutput({ writeOut() {}, outputError() {}, getOutHasColors: () => false })
    .argument("[names...]")
    .option("--beta <share>", "", numberOption("--beta", 0, 1))
    .option("--layers <list>", "", listOption("--layers", integerOption("--layers", 0)))
    .option("--profile <name>", "", choiceOption("--profile", ["paper", "released"]))
    .option("--folder <folder>", "", pathOption("--folder"))
    .option("--json")
    .action(() => {});
  addModelOptions(program, "a model", { bundled: "results", own: "results/local" });
  addDrawOptions(addWeightOptions(addSettingsOption(program)));
  addAllocateActivations(addAllocateOptions(program));
  return program;
}

function parse(args: string[]): void {
  try {
    const { settings: _, ...options } = program().parse(args, { from: "user" }).opts();
    const isSound = (value: unknown) => typeof value !== "number" || Number.isFinite(value);
    assert(Object.values(options).flat().every(isSound), "an option is no number");
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
}

const flags = program().options.map(({ long }) => long!);
const words = [
  ...["--help", "--", "--windo=", "-w", "2048", "1e400", "0x10", "1,,2", "", "paper", "NaN"],
  ...["org/name@refs/pr/1", "wikitext2", "a.gguf", "row", '{"weights":{"bits":3}}', "{", "-1"],
];
