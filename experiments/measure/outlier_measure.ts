import { letSignalsIn } from "../../lib/core/mod.ts";
import type { RunHooks } from "../../lib/eval/mod.ts";
import {
  atSites,
  type Block,
  linearGroups,
  openBlock,
  openOuter,
  type Pruning,
  Streams,
} from "../../lib/model/mod.ts";
import { tensorData, tidy } from "../../lib/tensor/mod.ts";
import type { CellKind } from "./cell_kind.ts";
import type { FigureSubject } from "./figure_subject.ts";
import {
  type MeasuredOutliers,
  type SetState,
  type SiteOutliers,
  summarizeOutliers,
  type WindowOutliers,
} from "./outlier_effects.ts";
import { layerError, observeOutliers, type TripFormat } from "./outlier_state.ts";
import { pruningFor, type PruningPlan } from "./pruning_plan.ts";

/** How it is measured what pruning does to outliers. */
export interface OutlierSettings extends TripFormat {
  pruning: PruningPlan;
  /** Test windows that are looked at. */
  windows: number;
}

/**
 * Measures range, kurtosis, TRIP's powers and the error of every layer before and after pruning, in full precision but for the input that is quantized.
 *
 * @throws {InputError} If the plan does not fit the model.
 * @throws The signal's reason once it is aborted.
 */
export async function measureOutliers(
  { model, testWindows }: FigureSubject,
  { pruning, windows, ...format }: OutlierSettings,
  { progress, signal }: RunHooks,
): Promise<MeasuredOutliers> {
  const { layers } = model.architecture;
  const looked = testWindows.slice(0, windows);
  const plans = [
    undefined,
    pruningFor(model, pruning),
    pruningFor(model, { ...pruning, importance: "random" }),
  ];
  const found: WindowOutliers[] = [];
  using opened = new DisposableStack();
  const outer = opened.use(openOuter(model.source.outer));
  const owner = { architecture: model.architecture, outer };
  const runs = plans.map(() => opened.use(new Streams(owner, looked)));
  progress?.start(`outliers of ${model.name}`, layers);
  for (let layer = 0; layer < layers; layer++) {
    using block = await openBlock(model, layer);
    for (const window of looked.keys()) {
      await letSignalsIn();
      signal?.throwIfAborted();
      const seen = runs.map((run, index) => passBlock(run, window, block, plans[index]));
      for (const { reads: site, names } of linearGroups) {
        const maps = names.flatMap((name) => block.maps[name] ?? []);
        const states = compareSets(seen.map((each) => each.get(site)!), maps, format);
        found.push({ site, layer, window, ...states });
      }
    }
    progress?.update(layer + 1);
  }
  progress?.finish();
  return summarizeOutliers(found);
}

/** The cells of the figure about pruning and outliers. */
export const outlierCells: CellKind<OutlierSettings, MeasuredOutliers> = {
  experiment: "outliers",
  measure: measureOutliers,
};

/** What a site gave in a block, and which tokens of the window that was of. */
interface SeenSite {
  values: Float32Array;
  channels: number;
  positions: Int32Array;
}

type Seen = Map<string, SeenSite>;

/** Takes a window through a block and keeps what its linear maps read. */
function passBlock(streams: Streams, window: number, block: Block, pruning?: Pruning): Seen {
  const present = () => tidy(() => streams.at(window).positions);
  const before = present();
  const seen: Seen = new Map();
  const hook = atSites(linearGroups.map(({ reads }) => reads), (value, { site }) => {
    const values = tensorData(value).slice();
    seen.set(site, { values, channels: value.shape[1]!, positions: before });
    return value;
  });
  streams.advance(window, block, { hook, pruning });
  const after = present(); // pruning comes before the MLP
  for (const { reads, part } of linearGroups) {
    if (part === "mlp") seen.get(reads)!.positions = after;
  }
  return seen;
}

function compareSets(
  [dense, pruned, random]: SeenSite[],
  maps: Parameters<typeof layerError>[2],
  format: TripFormat,
): Pick<SiteOutliers, "all" | "sets" | "behindPruning"> {
  const { channels } = dense;
  const all = observeOutliers(dense.values, channels, format);
  const denseAt = (positions: Int32Array) => ({ ...dense, values: rowsOf(dense, positions) });
  const stateOf = ({ values }: SeenSite, before: SeenSite): SetState => {
    const { state, grid } = observeOutliers(values, channels, format);
    return {
      ...state,
      error: layerError(values, grid, maps),
      errorBefore: layerError(before.values, all.grid, maps),
    };
  };
  const withoutStart = denseAt(dense.positions.subarray(1));
  if (pruned.positions.length === dense.positions.length) {
    const whole = stateOf(dense, dense);
    const sets = { pruned: whole, selected: whole, random: whole };
    return {
      all: all.state,
      sets: { ...sets, withoutStart: stateOf(withoutStart, withoutStart) },
      behindPruning: false,
    };
  }
  const [selected, atRandom] = [pruned, random].map(({ positions }) => denseAt(positions));
  return {
    all: all.state,
    sets: {
      pruned: stateOf(pruned, selected),
      selected: stateOf(selected, selected),
      random: stateOf(random, atRandom),
      withoutStart: stateOf(withoutStart, withoutStart),
    },
    behindPruning: true,
  };
}

/** The rows of a site at which nothing is pruned. */
function rowsOf({ values, channels }: SeenSite, positions: Int32Array): Float32Array {
  const rows = new Float32Array(positions.length * channels);
  positions.forEach((position, row) =>
    rows.set(values.subarray(position * channels, (position + 1) * channels), row * channels)
  );
  return rows;
}
