/** `deno task figures`: the paper's figures, measured on the bundled models or on others. */
import { Option } from "commander";
import { bundledModels } from "../experiments/bundled.ts";
import type { FigureExperiment } from "../experiments/figure.ts";
import { type FigureSubject, loadFigureSubject } from "../experiments/figure_subject.ts";
import { figures } from "../experiments/figures.ts";
import { InputError, refuse } from "../lib/core/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { fileCellStore } from "./cell_store.ts";
import { listOption, main, pathsOption, type Session } from "./command_line.ts";
import { provenance, sourceHash } from "./provenance.ts";
import { publishFigure } from "./publish_figure.ts";

interface Options {
  figure: FigureExperiment[];
  fresh?: boolean;
  model: string[];
}

await main((program, session) =>
  program.name("figures")
    .description("Draws the figures; what was measured is kept and used again.")
    .addOption(
      new Option("--figure <list>", "which figures, such as 1,7 or sensitivity")
        .argParser(listOption("--figure", figureNamed))
        .default(figures, "all"),
    )
    .option("--fresh", "measure anew")
    .option(
      "--model <folder>",
      "draw this model in Hugging Face layout instead of the bundled ones; may be repeated",
      pathsOption("--model"),
      [],
    )
    .action((options: Options) => run(options, session))
);

function figureNamed(text: string): FigureExperiment {
  return figures.find(({ name }) => name === text || name === `figure${text}`) ??
    refuse(
      "read the command line",
      `--figure must be ${figures.map(({ name }) => name.replace("figure", "")).join(", ")}`,
      text,
    );
}

async function run({ figure: chosen, fresh, model }: Options, session: Session): Promise<void> {
  session.kept = "What was measured is kept: the same command goes on there.";
  const { matrixProduct } = await useBackend("agile");
  const settings = {
    ...session,
    store: fileCellStore("results/.cells"),
    fingerprint: await sourceHash(),
    fresh,
  };
  const origin = await provenance();
  const loaded = new Map<string, FigureSubject>();
  const load = async (folder: string, window?: number) => {
    const known = loaded.get(folder);
    if (known) return known;
    const subject = await loadFigureSubject(folder, { matrixProduct, window });
    loaded.set(folder, subject);
    return subject;
  };
  const refusals: string[] = [];
  for (const experiment of chosen) {
    try {
      const subjects: FigureSubject[] = [];
      for (const { folder, window } of sourcesOf(experiment, model)) {
        subjects.push(await load(folder, window));
      }
      const figure = await experiment.run(subjects, settings);
      const others = model.length > 0 ? subjects.map(({ model: { name } }) => name) : [];
      const stem = [figure.name, ...others].join("-");
      await publishFigure(figure, origin, "results/figures", stem);
      const said = [figure.agreement, ...figure.details];
      console.log(`${figure.title} (results/figures/${stem}.svg)\n${said.join("\n")}\n`);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refusals.push(`${experiment.name}: ${error.message}`);
    }
  }
  for (const subject of loaded.values()) subject[Symbol.dispose]();
  if (refusals.length > 0) throw new InputError(refusals.join("; "));
}

/** The models that a figure is drawn for: those of the command line, or the bundled ones. */
function sourcesOf({ families }: FigureExperiment, model: string[]) {
  if (families.length === 0) return [];
  if (model.length > 0) return model.map((folder) => ({ folder, window: undefined }));
  return families.map((family) => {
    const { name, recipe } = bundledModels[family];
    return { folder: `data/models/${name}`, window: recipe.window };
  });
}
