import {
  downloadModel,
  type HubRepository,
  isWholeModel,
  parseRepository,
  planModel,
  repositoryText,
} from "../lib/io/mod.ts";
import { isThere, pathOption, type Session } from "./command_line.ts";
import { fromHub, type Wanted } from "./from_hub.ts";

/** A model as a command line names it: a path, or a repository of the hub. */
export type ModelArgument = string | HubRepository;

/** What the help says of the values of {@linkcode modelOption}. */
export const modelForms =
  "folder in Hugging Face layout, .gguf file, or org/name[@revision] of the hub";

/**
 * Parses the value of an option that is a model. What exists is a path, and so is what has not the form
 * of a repository or is called as a GGUF file.
 */
export function modelOption(flag: string): (text: string) => ModelArgument {
  const parse = pathOption(flag);
  return (text) => {
    const path = parse(text);
    return isThere(path) || path.endsWith(".gguf") ? path : parseRepository(text) ?? path;
  };
}

/** Parses the value of such an option that may be repeated; the default is `[]`. */
export function modelsOption(flag: string) {
  const parse = modelOption(flag);
  return (text: string, models: ModelArgument[]): ModelArgument[] => [...models, parse(text)];
}

/** A model as it is typed. */
export function modelText(model: ModelArgument): string {
  return typeof model === "string" ? model : repositoryText(model);
}

/**
 * The path of a model; one of the hub is looked for as {@linkcode fromHub} says.
 *
 * @throws {InputError} If it is of the hub and cannot be had.
 */
export async function findModel(model: ModelArgument, session: Session): Promise<string> {
  return typeof model === "string" ? model : await fromHub(wantedModel(model), session);
}

/** What is wanted of the repository of a model. */
export function wantedModel(repository: HubRepository): Wanted {
  const name = repositoryText(repository);
  return {
    repository,
    isWhole: isWholeModel,
    download: (hub, options) => downloadModel(hub, repository, options),
    plan: (hub, options) => planModel(hub, repository, options),
    name,
    otherwise: "a folder",
    request: name,
  };
}
