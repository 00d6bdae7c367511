import {
  downloadFiles,
  downloadModel,
  entriesOf,
  ggufHint,
  hasFiles,
  type HubRepository,
  isWholeModel,
  parseRepository,
  planFiles,
  planModel,
  repositoryText,
} from "../lib/io/mod.ts";
import { isThere, pathOption, type Session } from "./command_line.ts";
import { fromHub, type Wanted } from "./from_hub.ts";

/** A model of the hub. */
export interface HubModel {
  repository: HubRepository;
  /** The GGUF file that has all of it, by its path in the repository; else settings and weights of their own. */
  file?: string;
}

/** A model as a command line names it: a path, or one of the hub. */
export type ModelArgument = string | HubModel;

/** How a model of the hub is written. */
export const hubForm = "org/name[@revision][:FILE.gguf]";

/** What the help says of the values of {@linkcode modelOption}. */
export const modelForms = `folder in Hugging Face layout, .gguf file, or ${hubForm} of the hub`;

/**
 * Parses the value of an option that is a model. What exists is a path, and so is what has not the form
 * of a model of the hub.
 */
export function modelOption(flag: string): (text: string) => ModelArgument {
  const parse = pathOption(flag);
  return (text) => {
    const path = parse(text);
    return isThere(path) ? path : parseHubModel(text) ?? path;
  };
}

/** The model that a text of the form {@linkcode hubForm} names; undefined if it has another. */
export function parseHubModel(text: string): HubModel | undefined {
  const [, name = text, file] = text.match(/^([^:]+):(.+\.gguf)$/) ?? [];
  const repository = parseRepository(name);
  if (repository === undefined) return undefined;
  if (file === undefined) return name.endsWith(".gguf") ? undefined : { repository };
  const leadsAway = file.split("/").some((part) => ["", ".", ".."].includes(part));
  return leadsAway ? undefined : { repository, file };
}

/** Parses the value of such an option that may be repeated; the default is `[]`. */
export function modelsOption(flag: string) {
  const parse = modelOption(flag);
  return (text: string, models: ModelArgument[]): ModelArgument[] => [...models, parse(text)];
}

/** A model as it is typed. */
export function modelText(model: ModelArgument): string {
  if (typeof model === "string") return model;
  const { repository, file } = model;
  return repositoryText(repository) + (file === undefined ? "" : `:${file}`);
}

/**
 * The path of a model; one of the hub is looked for as {@linkcode fromHub} says.
 *
 * @throws {InputError} If it is of the hub and cannot be had.
 */
export async function findModel(model: ModelArgument, session: Session): Promise<string> {
  if (typeof model === "string") return model;
  const folder = await fromHub(wantedModel(model), session);
  return model.file === undefined ? folder : `${folder}/${model.file}`;
}

/** What lies in a folder and below it, by paths from there. */
async function pathsIn(folder: string): Promise<string[]> {
  const paths = (await entriesOf(folder)).map(async ({ name, isDirectory }) => {
    if (!isDirectory) return [name];
    return (await pathsIn(`${folder}/${name}`)).map((path) => `${name}/${path}`);
  });
  return (await Promise.all(paths)).flat();
}

/** What is wanted of the repository of a model. */
export function wantedModel(model: HubModel): Wanted {
  const { repository, file } = model;
  const name = modelText(model);
  const shared = { repository, name, request: name };
  if (file === undefined) {
    return {
      ...shared,
      isWhole: isWholeModel,
      hintOf: async (folder) => ggufHint(await pathsIn(folder)),
      download: (hub, options) => downloadModel(hub, repository, options),
      plan: (hub, options) => planModel(hub, repository, options),
      otherwise: "a folder",
    };
  }
  return {
    ...shared,
    isWhole: (folder) => hasFiles(folder, [file]),
    download: (hub, options) => downloadFiles(hub, repository, [file], options),
    plan: (hub, options) => planFiles(hub, repository, [file], options),
    otherwise: "a file",
  };
}
