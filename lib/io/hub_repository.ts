/** A model or data set of the Hugging Face hub. */
export interface HubRepository {
  kind: "model" | "dataset";
  /** `org/name` */
  name: string;
  /** A branch, a tag or the digits of a commit. */
  revision: string;
}

/** The revision that is meant where none is named. */
const mainRevision = "main";

/** The hub's own rules for names, and what git allows in the name of a revision. */
const part = /[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9_])?/.source;
const namePattern = new RegExp(`^(${part}/${part})(?:@([\\w.-]+(?:/[\\w.-]+)*))?$`);

/** The repository that `org/name` or `org/name@revision` is; undefined if the text has no such form. */
export function parseRepository(
  text: string,
  kind: HubRepository["kind"] = "model",
): HubRepository | undefined {
  const [, name, revision = mainRevision] = text.match(namePattern) ?? [];
  const leadsAway = (path: string) => /\.\.|--/.test(path);
  if (name === undefined || leadsAway(name) || revision.includes("..")) return undefined;
  return { kind, name, revision };
}

/** A repository as it is typed: `org/name`, or `org/name@revision`. */
export function repositoryText({ name, revision }: HubRepository): string {
  return revision === mainRevision ? name : `${name}@${revision}`;
}

/** Whether a revision is a commit, of which there is nothing to look up. */
export function isCommit(revision: string): boolean {
  return /^[0-9a-f]{40}$/.test(revision);
}
