import type { Progress } from "../lib/core/mod.ts";
import {
  drawWindows,
  type Reading,
  readScores,
  scoreWindow,
  scoreWindows,
  windowStartToken,
} from "../lib/eval/mod.ts";
import {
  type Calibration,
  type MethodName,
  methods,
  quantizedForward,
  quantizeWeights,
} from "../lib/methods/mod.ts";
import { disposeModel, type Model } from "../lib/model/mod.ts";
import type { Profile } from "../lib/quant/mod.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";

/** Everything a measured cell depends on besides the code. */
export interface EvaluationConfig {
  /** sha256 of the weights. */
  model: string;
  /** sha256 of the calibration and of the test text. */
  calibrationText: string;
  testText: string;
  method: MethodName;
  profile: Profile;
  /** Tokens per window, start token included, and how many windows are scored. */
  window: number;
  windows: number;
  /** Windows that GPTQ sees, and of those the ones that calibrate activations. */
  weightWindows: number;
  activationWindows: number;
  seed: number;
  pruning: PruningPlan | null;
  matrixProduct: string;
}

/** What a cell measured. Without pruning the readings coincide and only `survivors` is there. */
export interface EvaluationResult {
  /** Scored on the positions that survived: the released protocol. */
  survivors: Reading;
  /** The same quantized model without pruning, scored on exactly those positions. */
  denseOnSurvivors?: Reading;
  /** Every position scored, pruned ones exiting early. */
  allPositions?: Reading;
  /** Wall time of the scoring, and tokens that went through the quantized model in it. */
  seconds: number;
}

/** A model in floating point with the tokens to calibrate and test it on. */
export interface Subject {
  model: Model;
  calibrationIds: Int32Array;
  /** Windows to score. */
  testWindows: Int32Array[];
}

/**
 * The quantized versions of one model, made when first asked for and kept, so that methods that
 * share their weights share the work.
 */
export class WeightCache {
  #models = new Map<string, Model>();

  constructor(readonly model: Model) {}

  async get(
    method: MethodName,
    calibration: () => Calibration,
    progress: Progress,
  ): Promise<Model> {
    const key = JSON.stringify(methods[method].weights);
    if (!this.#models.has(key)) {
      const made = await quantizeWeights(this.model, methods[method], calibration, progress);
      this.#models.set(key, made);
    }
    return this.#models.get(key)!;
  }

  /** Frees all quantized versions, not the model itself. */
  dispose(): void {
    for (const made of this.#models.values()) {
      if (made !== this.model) disposeModel(made, this.model);
    }
    this.#models.clear();
  }
}

/** Measures one cell: perplexity, KL divergence and agreement against the model in full precision. */
export async function evaluate(
  config: EvaluationConfig,
  subject: Subject,
  weights: WeightCache,
  progress: Progress,
  signal: AbortSignal,
): Promise<EvaluationResult> {
  const { model } = subject;
  const calibration = () => calibrationWindows(config, subject);
  const quantized = await weights.get(config.method, calibration, progress);
  const pruning = config.pruning ? pruningFor(model, config.pruning) : undefined;
  const method = methods[config.method];
  const forward = quantizedForward(quantized, method, config.profile, calibration, pruning);
  const started = performance.now();
  const scores = await scoreWindows(
    subject.testWindows,
    (window) => ({
      pruned: scoreWindow(quantized, window, forward, model),
      dense: pruning && scoreWindow(quantized, window, { hook: forward.hook }, model),
    }),
    { progress, signal },
    "windows",
  );
  const seconds = (performance.now() - started) / 1000;
  const pruned = scores.map((each) => each.pruned);
  if (!pruning) return { survivors: readScores(pruned), seconds };
  return {
    survivors: readScores(pruned, pruned),
    denseOnSurvivors: readScores(scores.map((each) => each.dense!), pruned),
    allPositions: readScores(pruned),
    seconds,
  };
}

function calibrationWindows(config: EvaluationConfig, subject: Subject): Calibration {
  const weightWindows = drawWindows(subject.calibrationIds, {
    window: config.window,
    startToken: windowStartToken(subject.model),
    count: config.weightWindows,
    seed: config.seed,
  });
  return { weightWindows, activationWindows: weightWindows.slice(0, config.activationWindows) };
}
