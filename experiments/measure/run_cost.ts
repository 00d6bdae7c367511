import { median, type Progress } from "../../lib/core/mod.ts";
import type { Storage } from "../../lib/format/mod.ts";
import {
  type Calibration,
  type ConfiguredMethod,
  type Execution,
  prepareModel,
  rtnPass,
  type RtnSettings,
  weightPasses,
} from "../../lib/methods/mod.ts";
import {
  type Architecture,
  linearShapes,
  type Model,
  readWeights,
  residentSource,
  streamBudget,
  streamBytes,
  watchStorage,
  windowOperations,
} from "../../lib/model/mod.ts";
import { randomModel } from "./random_model.ts";
import { takeReadings } from "./readings.ts";

/** A run of a model that is to be costed. */
export interface PlannedRun {
  architecture: Architecture;
  method: ConfiguredMethod;
  execute: Execution;
  /** Tokens per window. */
  window: number;
  windows: number;
  weightWindows: number;
  activationWindows: number;
  /** Whether the model in full precision runs as well. */
  compare: boolean;
  /** Whether every window also runs pruned; that pruned tokens cost less is not counted. */
  pruned: boolean;
  /** Whether the weights that the method makes are there already, from another run. */
  hasWeights?: boolean;
  /** Whether an earlier run has kept what windows become as floats, which leaves just the head of them. */
  hasReference?: boolean;
}

/** What a run takes on this machine. */
export interface RunEstimate {
  /** Seconds of calibration and quantization. */
  prepare: number;
  /** Seconds of scoring. */
  score: number;
  /** How the method would leave linear maps, of random blocks in the shape of the model's. */
  storage: Storage;
}

/** How {@linkcode estimateRun} measures. */
export interface EstimateOptions {
  /** Stops the measurement by throwing its reason. */
  signal?: AbortSignal;
  /** The time in milliseconds. */
  now?: () => number;
}

type Clocked = EstimateOptions & { now: () => number };

/**
 * Estimates a run from a measurement of this machine: random blocks in the shape of the model's go through
 * the same code for a second or so, fewer heads of them where the model is large, and what they take
 * is scaled by its operations. Reading files is not counted.
 */
export async function estimateRun(
  run: PlannedRun,
  { signal, now = () => performance.now() }: EstimateOptions = {},
): Promise<RunEstimate> {
  const { architecture: { layers }, windows, weightWindows, activationWindows } = run;
  const { ofMethod, ofFloats, storage } = await measureScoring(run, { signal, now });
  const reference = run.hasReference ? { ...ofFloats, block: 0, open: 0 } : ofFloats;
  const passes = [ofMethod, ...run.pruned ? [ofMethod] : [], ...run.compare ? [reference] : []];
  const groups = Math.ceil(windows / windowsAtOnce(run, passes.length));
  const score = ofMethod.openHead +
    passes.reduce(
      (sum, { block, open, head }) =>
        sum + layers * (windows * block + groups * open) + windows * head,
      0,
    );
  if (run.method.passes(run.architecture).length === 0) return { prepare: 0, score, storage };
  const { method, hasWeights } = run;
  const needed = hasWeights ? { ...run, method: withoutSearch(method, false) } : run;
  const preparing = await measurePreparing(needed, { signal, now });
  const { perWeightWindow, perActivationWindow, perBlock } = preparing;
  const observed = perWeightWindow * weightWindows + perActivationWindow * activationWindows;
  const carried = (preparing.seesWeights ? weightWindows : 0) +
    (preparing.seesActivations ? activationWindows : 0);
  const prepare = layers * (observed + perBlock) + (layers - 1) * carried * ofFloats.block;
  return { prepare, score, storage };
}

/** How many windows pass a block before the next one is opened. */
function windowsAtOnce(
  { architecture, window }: Pick<PlannedRun, "architecture" | "window">,
  runners: number,
): number {
  const bytes = runners * streamBytes(architecture, window);
  return Math.max(1, Math.floor(streamBudget(architecture) / bytes));
}

/** Operations of a block and a window up to which they are measured as they are. */
const blockLimit = 2e10;

/** Operations of GPTQ's solution up to which it is measured as it is. */
const solvingLimit = 8e9;

/** Tokens of a vocabulary up to which the head is measured as it is. */
const vocabularyLimit = 4096;

/** Times windows on their way through two blocks and the head, as the method leaves them and as they were. */
async function measureScoring(run: PlannedRun, { signal, now }: Clocked) {
  const { architecture, method, execute, window } = run;
  const operations = (each: Architecture) => blockOperations(each, window);
  const isSmall = (each: Architecture) => operations(each) <= blockLimit;
  const shape = { ...shrink(architecture, isSmall), layers: 2 };
  const vocabularySize = Math.min(shape.vocabularySize, vocabularyLimit);
  const small = { ...shape, vocabularySize };
  const headOf = (each: Architecture) => windowOperations(each, window).head;
  const scales = {
    block: operations(architecture) / operations(small),
    open: elements(architecture) / elements(small),
    head: headOf(architecture) / headOf(small),
  };
  const full = await resident(randomModel("a measurement", small, "F16"));
  const passSeconds = async (model: Model, options: object) => {
    const score = async (count: number) => {
      const progress = intervals(now);
      const windows = Array.from({ length: count }, () => anyWindow(small, window));
      await takeReadings(model, windows, { ...options, signal }, { progress, signal });
      const steps = progress.seconds();
      return [0, 1, 2].map((part) => steps.slice(part * count, (part + 1) * count));
    };
    const [, warming, warmingHeads] = await score(3);
    const most = windowsAtOnce({ architecture: small, window }, 1);
    const wanted = Math.ceil(0.3 / (2 * warming[2] + warmingHeads[2]));
    // All windows pass one block, then the next, then come their heads; a first one also opens.
    const [, second, heads] = await score(Math.max(3, Math.min(most, wanted)));
    const block = median(second.slice(1));
    const head = median(heads.slice(1));
    return {
      block: scales.block * block,
      open: scales.open * Math.max(0, second[0] - block),
      head: scales.head * head,
      openHead: scales.head * Math.max(0, heads[0] - head),
    };
  };
  const calibration = draw(small, window, 1, 1);
  const last = weightPasses(method.passes(small)).at(-1);
  const quick = !last || last.leavesCodes ? withoutSearch(method, execute === "integer") : method;
  const prepared = await prepareModel(full, quick, () => calibration, { execute, signal });
  const isPlain = method.passes(architecture).length === 0;
  const ofFloats = await passSeconds(full, {});
  const watched = watchStorage(prepared.model);
  await watched.model.source.layer(0);
  return {
    storage: watched.storage(),
    ofMethod: isPlain ? ofFloats : await passSeconds(prepared.model, prepared.forward),
    ofFloats,
  };
}

/** Times the quantization of a block with few windows, and what each further one adds. */
async function measurePreparing(run: PlannedRun, { signal, now }: Clocked) {
  const { architecture, method, window } = run;
  const passes = method.passes(architecture);
  const seesWeights = passes.some(({ observes, windows = "weights" }) =>
    observes && windows === "weights"
  );
  const seesActivations = passes.some(({ observes, windows }) =>
    observes && windows === "activations"
  );
  const solves = passes.some(({ observes = {} }) => Object.values(observes).includes("gram"));
  const isSmall = (each: Architecture) =>
    solves ? solving(each) <= solvingLimit : blockOperations(each, window) <= blockLimit;
  const oneBlock = (each: Architecture) => ({ ...each, layers: 1, vocabularySize: 256 });
  const small = oneBlock(shrink(architecture, isSmall));
  const timed = async (shape: Architecture) => {
    const full = await resident(randomModel("a measurement", shape, "F16"));
    const seconds = async (weightWindows: number, activationWindows: number) => {
      const calibration = draw(shape, window, weightWindows, activationWindows);
      const started = now();
      await prepareModel(full, method, () => calibration, { signal });
      return (now() - started) / 1000;
    };
    await seconds(3, 3); // warms up
    const least = await seconds(1, 1);
    const count = Math.max(2, Math.min(16, Math.ceil(0.3 / least)));
    const further = async (weights: number, activations: number) =>
      Math.max(0, await seconds(1 + weights, 1 + activations) - least) / count;
    const weightWindow = seesWeights ? await further(count, 0) : 0;
    const activationWindow = seesActivations ? await further(0, count) : 0;
    const rest = Math.max(0, least - weightWindow - activationWindow);
    return { weightWindow, activationWindow, rest };
  };
  const { weightWindow, activationWindow, rest } = await timed(small);
  const perWindow = elements(architecture) / elements(small);
  const halved = oneBlock(shrink(small, (each) => each.keyValueHeads < small.keyValueHeads));
  const isScaled = solves && solving(architecture) > solving(small) &&
    halved.keyValueHeads < small.keyValueHeads;
  const perBlock = isScaled
    ? extrapolated(architecture, [[small, rest], [halved, (await timed(halved)).rest]])
    : perWindow * rest;
  return {
    ...{ seesWeights, seesActivations },
    perWeightWindow: perWindow * weightWindow,
    perActivationWindow: perWindow * activationWindow,
    perBlock,
  };
}

/**
 * What GPTQ's work on a block takes, by two smaller ones: a part grows as the elements of its maps, and another as
 * the operations of the solution, of which small blocks have few.
 */
function extrapolated(
  architecture: Architecture,
  [[one, ofOne], [other, ofOther]]: [shape: Architecture, seconds: number][],
): number {
  const [e1, s1, e2, s2] = [elements(one), solving(one), elements(other), solving(other)];
  const determinant = e1 * s2 - e2 * s1;
  const perElement = (ofOne * s2 - ofOther * s1) / determinant;
  const perOperation = (e1 * ofOther - e2 * ofOne) / determinant;
  if (perElement < 0) return ofOne * solving(architecture) / s1;
  if (perOperation < 0) return ofOne * elements(architecture) / e1;
  return perElement * elements(architecture) + perOperation * solving(architecture);
}

function blockOperations(architecture: Architecture, window: number): number {
  const { maps, attention } = windowOperations(architecture, window);
  return maps + attention;
}

/** Elements of the linear maps of a block. */
function elements(architecture: Architecture): number {
  return linearShapes(architecture).reduce((sum, [rows, columns]) => sum + rows * columns, 0);
}

/** Operations of GPTQ's solution for a block: a factor of each Hessian, and rows that make up for errors. */
function solving(architecture: Architecture): number {
  return linearShapes(architecture)
    .reduce((sum, [rows, columns]) => sum + columns ** 3 + rows * columns ** 2, 0);
}

/** The architecture with half as many heads, and channels, again and again until it is small enough. */
function shrink(
  architecture: Architecture,
  isSmall: (architecture: Architecture) => boolean,
): Architecture {
  let small = architecture;
  while (!isSmall(small) && small.keyValueHeads > 1) {
    const keyValueHeads = Math.floor(small.keyValueHeads / 2);
    const share = keyValueHeads / small.keyValueHeads;
    const scaled = (size: number) => 16 * Math.ceil(share * size / 16); // as groups of rows ask
    small = {
      ...small,
      keyValueHeads,
      heads: share * small.heads,
      hiddenSize: scaled(small.hiddenSize),
      embeddingSize: scaled(small.embeddingSize),
      intermediateSize: scaled(small.intermediateSize),
    };
  }
  return small;
}

/**
 * The method with weights rounded to nearest, by its own settings where it leaves codes: what they are changes
 * nothing in how long a pass takes.
 *
 * @param needsCodes Whether they are rounded where the method leaves them alone, as codes that are stored.
 */
function withoutSearch(method: ConfiguredMethod, needsCodes: boolean): ConfiguredMethod {
  return {
    ...method,
    passes(architecture) {
      const passes = method.passes(architecture);
      const rewriting = weightPasses(passes);
      const { weights } = method.settings;
      const isRounded = rewriting.at(-1)?.leavesCodes;
      const rounded = weights || needsCodes
        ? [rtnPass({ ...rtn, ...isRounded ? weights : {}, range: "minmax" })]
        : [];
      return [...rounded, ...passes.slice(rewriting.length)];
    },
  };
}

const rtn: RtnSettings = { bits: 4, groupSize: "row", symmetric: false, range: "minmax" };

async function resident({ source, ...model }: Model): Promise<Model> {
  return {
    ...model,
    source: residentSource(await readWeights(source, model.architecture.layers)),
  };
}

function draw(
  architecture: Architecture,
  window: number,
  weightWindows: number,
  activationWindows: number,
): Calibration {
  const windows = (count: number) =>
    Array.from({ length: count }, () => anyWindow(architecture, window));
  return { weightWindows: windows(weightWindows), activationWindows: windows(activationWindows) };
}

function anyWindow({ vocabularySize }: Architecture, tokens: number): Int32Array {
  return Int32Array.from({ length: tokens }, (_, place) => 7919 * place % vocabularySize);
}

/** Progress that notes how long each step of the last piece of work took. */
function intervals(now: () => number): Progress & { seconds(): number[] } {
  let times: number[] = [];
  const note = () => void times.push(now());
  return {
    start() {
      times = [];
      note();
    },
    update: note,
    finish() {},
    say() {},
    seconds: () => times.slice(1).map((time, step) => (time - times[step]) / 1000),
  };
}
