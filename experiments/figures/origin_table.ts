import { shortDigest } from "../../lib/core/mod.ts";
import { isObject } from "../../lib/io/mod.ts";
import type { Table } from "../../lib/report/mod.ts";
import type { SubjectFacts } from "../measure/subject.ts";
import { secondsOf } from "../result/provenance.ts";
import type { RecordedFigure } from "./recorded_figure.ts";

/** Where the figures of a model come from: what was run, on which windows, where, when and how long. */
export function originTable(folder: string, recorded: readonly RecordedFigure[]): Table {
  const hashes = recorded.flatMap((figure) => factsOf(figure).map(describeHashes));
  return {
    title: "Where the figures come from",
    columns: ["figure", "windows", "tokens", "measured", "commit", "seconds", "on"],
    rows: recorded.map((figure) => {
      const { name, provenance } = figure;
      const [facts] = factsOf(figure);
      const seconds = secondsOf(provenance);
      return [
        name,
        facts?.windows ?? null,
        facts?.window ?? null,
        provenance.date,
        provenance.commit,
        seconds === undefined ? null : Math.round(seconds),
        provenance.machine,
      ];
    }),
    notes: [
      "made by: deno task figures --model MODEL --text TEXT --calibration TEXT --validation TEXT " +
      `--window TOKENS --windows WINDOWS --figure FIGURE --out ${folder}/figures`,
      ...new Set(hashes),
    ],
  };
}

/** The models of a figure, as its record identifies them. */
function factsOf({ configuration }: RecordedFigure): SubjectFacts[] {
  return isObject(configuration) && Array.isArray(configuration.models) ? configuration.models : [];
}

function describeHashes(
  { weights, testText, calibrationText, validationText }: SubjectFacts,
): string {
  const hashes = Object.entries({
    "the weights": weights,
    "test text": testText.sha256,
    "calibration text": calibrationText?.sha256,
    "the text that settings are chosen on": validationText?.sha256,
  });
  const known = hashes.flatMap(([what, hash]) => hash ? [`${what} ${shortDigest(hash)}`] : []);
  return `sha256 of ${known.join(", ")}`;
}
