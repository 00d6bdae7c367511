import { canonicalJson, type Pause, require } from "../core/mod.ts";
import {
  type Block,
  blockOf,
  type ForwardOptions,
  type Model,
  openOuter,
  type Pruning,
  Streams,
  type StreamsOptions,
} from "../model/mod.ts";
import type { BlockAtWork } from "./block_at_work.ts";
import { looksAtValues } from "./observed_sites.ts";
import type { Calibration, Pass } from "./pass.ts";

/** Windows on their way through the blocks, and how they run. */
export interface Route {
  streams: Streams;
  options: ForwardOptions;
  carries: "rewritten" | "original";
  /** Whether they are past the attention of the block at work. */
  isInside: boolean;
}

/** Where the streams of windows are between two blocks. */
export type StreamsRoom = Pick<StreamsOptions, "budget" | "scratch">;

/**
 * The windows of all passes; passes that send the same windows the same way share them. Dispose of it when
 * done.
 */
export class CalibrationStreams implements Disposable {
  #routes = new Map<string, Route>();

  /** @throws {InputError} If there are no windows, or the model cannot run one of them. */
  constructor(
    model: Model,
    passes: readonly Pass[],
    calibration: () => Calibration,
    { pruning, ...room }: StreamsRoom & { pruning?: Pruning } = {},
  ) {
    using outer = openOuter(model.source.outer);
    using opened = new DisposableStack();
    opened.use(this);
    for (const pass of passes.filter(looksAtValues)) {
      const { windows = "weights", carries = "rewritten", lower, sees } = pass;
      const key = routeOf(pass);
      if (this.#routes.has(key)) continue;
      const { weightWindows, activationWindows } = calibration();
      const own = windows === "weights" ? weightWindows : activationWindows;
      const rule = "there must be at least one calibration window";
      require(own.length > 0, `calibrate ${model.name}`, rule);
      this.#routes.set(key, {
        streams: new Streams({ architecture: model.architecture, outer }, own, room),
        options: {
          ...windows === "activations" && { pruning },
          ...sees === "lower" && { lower },
        },
        carries,
        isInside: false,
      });
    }
    opened.move();
  }

  /** The windows of a pass that {@linkcode looksAtValues}. */
  of(pass: Pass): Route {
    return this.#routes.get(routeOf(pass))!;
  }

  /** Takes the windows of a pass through the attention of a block, unless they are past it. */
  async attend(pass: Pass, block: Block, pause: Pause): Promise<void> {
    const route = this.of(pass);
    if (route.isInside) return;
    route.isInside = true;
    for (let index = 0; index < route.streams.length; index++) {
      await pause();
      route.streams.attend(index, block, route.options);
    }
  }

  /** Takes all windows through a block that the passes are done with. */
  async advance(work: BlockAtWork, pause: Pause): Promise<void> {
    for (const route of this.#routes.values()) {
      const { streams, options, carries } = route;
      route.isInside = false;
      using original = carries === "original" ? blockOf(work.original!, work.layer) : undefined;
      const block = original ?? work.block;
      for (let index = 0; index < streams.length; index++) {
        await pause();
        streams.advance(index, block, options);
      }
    }
  }

  [Symbol.dispose](): void {
    for (const { streams } of this.#routes.values()) streams[Symbol.dispose]();
  }
}

function routeOf({ windows = "weights", carries = "rewritten", lower, sees }: Pass): string {
  return canonicalJson([windows, carries, sees === "lower" ? lower : null]);
}
