import { type Provenance, secondsOf } from "../experiments/result/provenance.ts";
import { encodeJson } from "../lib/core/mod.ts";
import { writeAtomically } from "../lib/io/mod.ts";
import { type Figure, renderSvg, withFonts, withTheme } from "../lib/report/mod.ts";
import { withFirstOrigin } from "./provenance.ts";

/**
 * Writes a figure to `folder` as an SVG image and as JSON: the figure with its spec and data, one
 * property per line, and where it comes from.
 *
 * @param stem The name of the files without extension.
 * @throws {InputError} If the folder cannot be written to.
 */
export async function publishFigure(
  figure: Figure,
  origin: Provenance,
  folder: string,
  stem = figure.name,
): Promise<void> {
  const path = `${folder}/${stem}.json`;
  const first = await withFirstOrigin(
    { provenance: origin, ...figure },
    path,
    ({ configuration, data }) => ({ configuration, data }),
  );
  const record = { ...first, details: [...figure.details, ...costsOf(first.provenance)] };
  const properties = Object.entries(record).map(([name, value]) =>
    `  ${encodeJson(name)}: ${encodeJson(value)}`
  );
  await writeAtomically(path, `{\n${properties.join(",\n")}\n}\n`);
  await writeAtomically(
    `${folder}/${stem}.svg`,
    withFonts(await renderSvg(withTheme(figure.spec, "light"))),
  );
}

/** What measuring took, where that is known. */
function costsOf(origin: Provenance): string[] {
  const seconds = secondsOf(origin);
  return seconds === undefined ? [] : [`Measured in ${seconds.toFixed(0)} s on ${origin.machine}.`];
}
