/** `deno task allocate`: bits shared out among linear maps and sites, beside the same bits for all of them. */
import { bundledModels, isBundled } from "../experiments/measure/bundled.ts";
import { bitSensitivityCells } from "../experiments/measure/bit_sensitivity.ts";
import { evaluationCells } from "../experiments/measure/evaluation.ts";
import { SubjectPool } from "../experiments/cells/subject_pool.ts";
import { sensitivityMeasuredBy } from "../experiments/tables/allocate_bits.ts";
import { allocationTable, judgeAllocations } from "../experiments/tables/allocation_table.ts";
import { describeSubject, withLabels } from "../experiments/tables/describe_subject.ts";
import { isMeasuredOn, requireKeepable, withKept } from "../experiments/tables/keep_rows.ts";
import {
  type AllocatedModel,
  allocatedParts,
  type AllocationCell,
  type AllocationOptions,
  byAllocation,
  isAllocationCell,
  measureAllocations,
} from "../experiments/tables/measure_allocations.ts";
import { evaluatedBy } from "../experiments/tables/measure_models.ts";
import { readRecordedRows } from "../experiments/tables/measured_table.ts";
import { counted, InputError, require } from "../lib/core/mod.ts";
import { prepareFolder } from "../lib/io/mod.ts";
import { type MethodName, methods } from "../lib/methods/mod.ts";
import { useBackend } from "../lib/tensor/mod.ts";
import { addAllocateWindows, type AllocateOptions } from "./allocate_option.ts";
import { cellFolder, fileCellStore } from "./cell_store.ts";
import {
  choiceOption,
  integerOption,
  keptMeasurements,
  listOption,
  main,
  type Session,
} from "./command_line.ts";
import { addExecutorOptions, type ExecutorOptions, openExecutor } from "./executor_option.ts";
import { fingerprintOf, measurementModules } from "./fingerprint.ts";
import { readSubjects } from "./measure_sources.ts";
import {
  addModelOptions,
  bundledSource,
  type ModelOptions,
  outputFolder,
  ownSources,
} from "./model_options.ts";
import { provenance } from "./provenance.ts";
import { showTable, type TableRecord } from "./publish.ts";
import { keptFolders } from "./kept_folders.ts";

interface Options extends ModelOptions, ExecutorOptions, Pick<AllocateOptions, "allocateWindows"> {
  method?: MethodName[];
  bits?: number[];
  activationBits?: number[];
  fresh?: boolean;
}

/** Where the table of the bundled models goes, and that of a model of one's own. */
const outputs = { bundled: "results", own: "results/local" };

/** What is measured unless other methods or bits are asked for. */
const standing = {
  methods: ["rtn4", "gptq4", "agileq-8-activations"],
  bits: { weights: [3, 4], activations: [4, 6] },
} satisfies Pick<AllocationOptions, "methods" | "bits">;

/** How rows that are not asked for stay in the table. */
const keeping = { table: "allocation", order: byAllocation };

/** The methods that can. */
const names = (Object.keys(methods) as MethodName[])
  .filter((name) => allocatedParts(name).length > 0);

await main((program, session) =>
  addExecutorOptions(addAllocateWindows(addModelOptions(
    program.name("allocate")
      .description(
        "Measures what each linear map, and the values at each site, cost with each number of bits, " +
          "shares bits out by that, and compares with the same bits for all; measured cells are kept " +
          "and used again. With one of the next three options other rows stay as the table has them.",
      )
      .option(
        "--method <list>",
        `which methods, of ${names.join(", ")} (default: ${standing.methods.join(",")})`,
        listOption("--method", choiceOption("--method", names)),
      )
      .option(
        "--bits <list>",
        "of all linear maps, whose storage is then shared out (default: " +
          `${standing.bits.weights.join(",")})`,
        listOption("--bits", integerOption("--bits", 2, 8)),
      )
      .option(
        "--activation-bits <list>",
        "of the values at all sites but the softmax (3, 4, 5, 6 or 8), which are then shared out (default: " +
          `${standing.bits.activations.join(",")})`,
        listOption("--activation-bits", integerOption("--activation-bits", 2, 8)),
      )
      .option("--fresh", "measure every cell anew"),
    "measured instead of the bundled ones",
    outputs,
  )))
    .action((options: Options) => run(options, session))
);

/** Refuses bits of what no method that is measured has. */
function requireUsed({ method = standing.methods, bits, activationBits }: Options): void {
  const given = {
    weights: [bits, "--bits"],
    activations: [activationBits, "--activation-bits"],
  } as const;
  for (const part of ["weights", "activations"] as const) {
    const [asked, flag] = given[part];
    const isUsed = asked === undefined ||
      method.some((each) => allocatedParts(each).includes(part));
    const rule = `${flag} must come with a --method that shares out bits of ${part}`;
    require(isUsed, "read the command line", rule, method);
  }
}

async function run(options: Options, session: Session): Promise<void> {
  requireUsed(options);
  session.kept = keptMeasurements("Measured cells are", options.fresh);
  await useBackend("agile");
  const own = await ownSources(options, session);
  const folder = outputFolder(options, outputs);
  for (const written of [cellFolder, folder]) await prepareFolder(written);
  const bundled = Object.keys(bundledModels).filter(isBundled).map(bundledSource);
  const pool = new SubjectPool(1, [], {
    scratch: cellFolder,
    ...await keptFolders(options),
  });
  const sources = own.length > 0 ? own : bundled;
  const { subjects, problems } = await readSubjects(sources, pool, session.signal);
  const path = `${folder}/allocation`;
  const isPart = options.method ?? options.bits ?? options.activationBits;
  const earlier = isPart &&
    await readRecordedRows<AllocationCell>(`${path}.json`, "deno task allocate", isAllocationCell);
  if (earlier) {
    const isSame = subjects.map(isMeasuredOn);
    requireKeepable(earlier, `${path}.json`, (cell) => isSame.some((of) => of(cell)));
  }
  await using executor = await openExecutor(options, {
    kinds: [bitSensitivityCells, evaluationCells],
    pool,
    session,
    fresh: options.fresh,
  });
  const models = await measureAllocations(subjects, {
    ...session,
    executor,
    methods: distinct(options.method ?? standing.methods),
    bits: {
      weights: distinct(options.bits ?? standing.bits.weights),
      activations: distinct(options.activationBits ?? standing.bits.activations),
    },
    scored: options.allocateWindows,
    store: fileCellStore(cellFolder),
    fingerprint: await fingerprintOf(measurementModules(evaluatedBy)),
    sensitivityFingerprint: await fingerprintOf(measurementModules(sensitivityMeasuredBy)),
    fresh: options.fresh,
  });
  problems.push(...models.flatMap((model) => model.problems));
  if (models.some(({ cells }) => cells.size > 0)) {
    const whole = models.map((model) => earlier ? withKept(model, earlier, keeping) : model);
    const measured = whole.filter(({ cells }) => cells.size > 0);
    const record = await recordOf(measured);
    problems.push(...await showTable(record, path));
    const computed = measured.reduce((sum, model) => sum + model.computed, 0);
    const reused = measured.reduce((sum, model) => sum + model.reused, 0);
    console.log(`Measured ${counted(computed, "row")}, used ${reused} measured before.`);
  }
  if (problems.length > 0) throw new InputError(...problems);
}

/** Each once. */
function distinct<Item>(items: readonly Item[]): Item[] {
  return [...new Set(items)];
}

async function recordOf(models: readonly AllocatedModel[]): Promise<TableRecord> {
  const described = models.map(({ subject }) => describeSubject(withLabels(subject)));
  return {
    provenance: await provenance(),
    table: allocationTable(models, described),
    claims: models.flatMap(judgeAllocations),
    cells: models.flatMap(({ cells }) => [...cells.values()]),
  };
}
