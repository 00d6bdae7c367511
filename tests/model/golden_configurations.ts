import { loadModel, type OpenModel, openModel } from "../../lib/model/mod.ts";
import golden from "../golden/configurations/goldens.json" with { type: "json" };
import { readGolden } from "../golden/read_golden.ts";
import { withFolder } from "../io/temporary_folder.ts";

/** The configurations whose logits are known, by name. */
export const configurations = golden.cases;

export type ConfigurationName = keyof typeof golden.cases;

const { tensors } = readGolden("configurations/goldens.safetensors");
const weights = new URL("../golden/configurations/", import.meta.url).pathname;

/** What the official code makes of a configuration. */
export interface GoldenRun {
  /** The window. */
  ids: Int32Array;
  /** Of the window at once, `[tokens * vocabulary]`. */
  logits: Float32Array;
  /** The same of its first tokens at once and then, with a cache, one by one. */
  decoded: Float32Array;
  first: number;
}

/** Runs a test on the model of a configuration. */
export async function withConfiguration(
  name: ConfigurationName,
  test: (model: OpenModel, expected: GoldenRun) => void,
): Promise<void> {
  const { weights: stem, tokens, first, config } = configurations[name];
  const valuesOf = (what: string) => tensors.get(`${name}.${what}`)!.data as Float32Array;
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
    await Deno.copyFile(`${weights}${stem}.safetensors`, `${folder}/model.safetensors`);
    using model = await openModel(await loadModel(folder));
    test(model, {
      ids: Int32Array.from({ length: tokens }, (_, i) => (7 * i * i + 3 * i + 5) % 40),
      logits: valuesOf("logits"),
      decoded: valuesOf("decoded"),
      first,
    });
  });
}
