import type { FigureSubject } from "../../../experiments/measure/figure_subject.ts";
import type { Model } from "../../../lib/model/mod.ts";
import { randomIds, type tinyModels, withModel } from "../../eval/tiny_models.ts";
import { tinySubject } from "./tiny_subject.ts";

/** Runs a test on a tiny model with random tokens, whose texts are its token ids. */
export async function withFigureSubject(
  name: typeof tinyModels[number],
  run: (subject: FigureSubject) => void | Promise<void>,
): Promise<void> {
  await withModel(name, async (model: Model) => {
    const subject = tinySubject(model);
    await run({
      ...subject,
      validationWindows: [21, 22].map((seed) => randomIds(subject.facts.window, seed)),
      tokenizer: {
        vocabularySize: model.architecture.vocabularySize,
        ids: new Set(Array(model.architecture.vocabularySize).keys()),
        encode: () => new Int32Array(),
        decode: (ids) => Array.from(ids).join(" "),
      },
    });
  });
}
