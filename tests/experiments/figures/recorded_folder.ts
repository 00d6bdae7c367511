import { withFolder } from "../../io/temporary_folder.ts";

const sha256 = "0123456789abcdef".repeat(4);

/** The record of a figure. */
export function recordOf(name: string) {
  const text = { sha256, startToken: { place: "none" } };
  const facts = {
    weights: sha256,
    testText: text,
    calibrationText: text,
    windows: 8,
    window: 2048,
  };
  return {
    provenance: {
      ...{ commit: "0123456789ab", date: "2026-11-29", deno: "2.9.6", machine: "a test" },
      seconds: { one: 12.3, two: 30.4 },
    },
    ...{ name, title: name, shows: "It shows.", agreement: "It agrees.", details: ["A number."] },
    spec: { data: [], layout: { width: 100, height: 100 } },
    data: [],
    configuration: { models: [facts] },
  };
}

/** Runs a test in the folder of a model that has these records. */
export function withRecords(
  records: Record<string, unknown>,
  test: (folder: string) => Promise<void>,
) {
  return withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/figures`);
    for (const [stem, record] of Object.entries(records)) {
      await Deno.writeTextFile(`${folder}/figures/${stem}.json`, JSON.stringify(record));
    }
    await test(folder);
  });
}
