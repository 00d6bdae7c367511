import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { evaluationCells } from "../../experiments/measure/evaluation.ts";
import { SubjectPool } from "../../experiments/cells/subject_pool.ts";
import { InputError, silent } from "../../lib/core/mod.ts";
import { entriesOf } from "../../lib/io/mod.ts";
import { here, runCells } from "../../lib/sweep/mod.ts";
import {
  describeSubmission,
  openExecutor,
  type Place,
  submitWords,
  threadsOf,
  watchSources,
} from "../../tools/executor_option.ts";
import { tinyCells, writeTinyRef } from "../experiments/cells/tiny_cells.ts";
import { tinyArchitecture, writeTinyModel } from "../experiments/measure/tiny_folder.ts";
import { withFolder } from "../io/temporary_folder.ts";
import { memoryStore } from "../sweep/memory_store.ts";
import { withKeptFolder } from "./kept_folder.ts";
import { endOf, runTool, startToolIn } from "./run_tool.ts";

const places: Place[] = [{ kind: "here" }, { kind: "processes", count: 2 }];

Deno.test("openExecutor() measures and keeps the same in this process and in others", () =>
  withFolder((folder) =>
    withKeptFolder(async (kept) => {
      const cells = await tinyCells(await writeTinyRef(folder, 4), ["gptq4"]);
      const results = [];
      for (const [sources, place] of places.entries()) {
        const weights = { folder: `${kept}/${sources}`, sources: "v1" };
        await using executor = await openExecutor({ executor: place }, {
          kinds: [evaluationCells],
          pool: new SubjectPool(1, [], { weights }),
          session: { progress: silent, signal: new AbortController().signal },
        });
        const options = { executor, store: memoryStore(), fingerprint: "v1" };
        const outcome = await runCells(cells, options);
        assertEquals(outcome.computed, ["gptq4"]);
        const versions = await entriesOf(weights.folder);
        results.push([outcome.results, versions.map(({ name }) => name)]);
      }
      assertEquals(results[0], results[1]);
    })
  ));

Deno.test("threadsOf() divides the cores among the processes, unless fewer threads are wanted", () => {
  assertEquals([threadsOf(2, 16), threadsOf(3, 16), threadsOf(2, 2), threadsOf(2, 1)], [
    8,
    5,
    1,
    1,
  ]);
  assertEquals([threadsOf(2, 16, "4"), threadsOf(8, 16, "4"), threadsOf(2, 16, "99")], [4, 2, 8]);
});

Deno.test("watchSources() refuses sources that have changed since", async () => {
  let sources = "first";
  const requireSame = await watchSources(() => Promise.resolve(sources));
  await requireSame();
  sources = "edited";
  await assertRejects(
    requireSame,
    InputError,
    "Cannot start a process: the sources must be as they were when this command began",
  );
});

const cores = navigator.hardwareConcurrency;

const action = "Cannot read the command line: ";
const batchAlone = "must come with --executor slurm or hyperqueue";

for (
  const [args, err] of [
    ["--executor cloud", '--executor must be here, processes:N, slurm or hyperqueue, got "cloud"'],
    [
      "--executor toString",
      '--executor must be here, processes:N, slurm or hyperqueue, got "toString"',
    ],
    [
      "--executor processes",
      '--executor must be here, processes:N, slurm or hyperqueue, got "processes"',
    ],
    ...["0", `${cores + 1}`].map((count) => [
      `--executor processes:${count}`,
      `N of --executor processes:N must be an integer in 1..${cores}, got "${count}"`,
    ]),
    ["--resume", `--resume ${batchAlone}`],
    ["--executor processes:1 --submit-options --time=1", `--submit-options ${batchAlone}`],
    [
      "--executor slurm --submit-options --array=0-9%2",
      "--submit-options must leave --array, --chdir, --job-name, --output, --wait, --wrap to this " +
      'command, got "--array=0-9%2"',
    ],
    [
      "--executor slurm --fresh",
      "--fresh does not go with a batch system, whose tasks take what is stored",
    ],
  ]
) {
  Deno.test(`figures and reproduce refuse ${args}`, async () => {
    for (const tool of ["reproduce", "figures"]) {
      const result = await runTool(tool, tool, ...args.split(" "));
      assertEquals(result, { code: 2, out: "", err: action + err });
    }
  });
}

Deno.test("submitWords() parts words at blanks that are not between quotes", () => {
  assertEquals(submitWords(""), []);
  assertEquals(submitWords(" --time=60  -p cpu\n"), ["--time=60", "-p", "cpu"]);
  assertEquals(submitWords(`--comment='a "b"' "-A c d"`), ['--comment=a "b"', "-A c d"]);
  assertThrows(
    () => submitWords("--comment='a b"),
    InputError,
    'Cannot read the command line: quotes in --submit-options must be pairs, got "--comment=\'a b"',
  );
});

Deno.test("openExecutor() refuses a batch system that is not there", () =>
  withFolder(async (folder) => {
    // A text of its own: nothing of it is stored.
    const ids = Array.from({ length: 128 }, (_, index) => (11 * index) % 300);
    await Deno.writeTextFile(`${folder}/ids.json`, JSON.stringify(ids));
    await writeTinyModel(`${folder}/mine`);
    const args = [
      ...["--model", `${folder}/mine`, "--ids", `${folder}/ids.json`, "--window", "64"],
      ...["--table", "1", "--rows", "fp16", "--out", `${folder}/out`, "--executor", "hyperqueue"],
    ];
    const { code, err } = await endOf(
      startToolIn({ PATH: "/nowhere" }, "reproduce", "reproduce", ...args),
    );
    const missing = 'Cannot look at tasks in HyperQueue: its program must be on PATH, got "hq"';
    assertEquals([code, err.split("\n").at(-1)], [2, missing]);
  }));

Deno.test("describeSubmission() says what a batch system would be given for what is not stored", () =>
  withFolder(async (folder) => {
    const cells = await tinyCells(await writeTinyRef(folder, 4), ["fp16", "rtn4"]);
    const store = memoryStore();
    const options = { store, fingerprint: "v1" };
    assertEquals(
      await describeSubmission({ executor: { kind: "here" } }, cells, options),
      undefined,
    );
    const executor: Place = { kind: "hyperqueue" };
    const given = await describeSubmission(
      { executor, submitOptions: ["--cpus=4"] },
      cells,
      options,
    );
    assertMatch(given!, /^2 cells in 2 tasks of HyperQueue:\n {2}0: fp16\n {2}1: rtn4\n/);
    assertMatch(given!, /^exec .* tools\/batch\/cell_task\.ts results\/\.sweeps\/\w{12} /m);
    assertMatch(
      given!,
      /^hq --output-mode=quiet submit --name=agile-quant-\w{12}-0 --array=0-1 .* --cpus=4 -- sh results/m,
    );
    await runCells(cells, { ...options, executor: here(() => Promise.resolve(1)) });
    assertEquals(
      await describeSubmission({ executor }, cells, options),
      "Nothing to submit to HyperQueue: every cell is stored",
    );
  }));

/** A record without what measuring took. */
const untimed = (text: string) =>
  text.replaceAll(/Measured in \d+ s/g, "Measured").replace(/"seconds":\{[^}]*\}/, "");

const needsCores = { ignore: cores < 2 };

Deno.test(
  "figures --executor processes:2 draws the figures that it draws here",
  needsCores,
  () =>
    withFolder(async (root) => {
      const ids = Array.from({ length: 3000 }, (_, index) => (7 * index) % 300);
      await Deno.writeTextFile(`${root}/ids.json`, JSON.stringify(ids));
      await writeTinyModel(`${root}/mine`, { ...tinyArchitecture, layers: 2 });
      const model = ["--model", `${root}/mine`, "--window", "128", "--windows", "2"];
      const texts = ["--ids", `${root}/ids.json`, "--calibration", `${root}/ids.json`];
      const args = ["--figure", "6", ...model, ...texts, "--fresh", "--out"];
      const drawn = [];
      for (const place of ["processes:2", "here"]) {
        const folder = `${root}/${place}`;
        const ran = await runTool("figures", "figures", ...args, folder, "--executor", place);
        assertEquals(ran.code, 0, ran.err);
        if (place !== "here") assertMatch(ran.err, /^2 processes: started$/m);
        const files = Array.from(Deno.readDirSync(folder), ({ name }) => name).toSorted();
        drawn.push(
          files.map((name) => [name, untimed(Deno.readTextFileSync(`${folder}/${name}`))]),
        );
      }
      assertEquals(drawn[0], drawn[1]);
    }),
);
