import {
  type ConfiguredMethod,
  looksAtValues,
  observedSites,
  type Pass,
  type SiteObservation,
  weightPasses,
} from "../../lib/methods/mod.ts";
import {
  type Architecture,
  linearGroups,
  linearShapes,
  moduleShapes,
  type SiteName,
  streamBytes,
  tensorStreams,
  windowBytes,
} from "../../lib/model/mod.ts";

/** A calibration whose memory is estimated. */
export interface PlannedPreparation {
  architecture: Architecture;
  method: ConfiguredMethod;
  /** Tokens per window. */
  window: number;
  weightWindows: number;
  activationWindows: number;
  /** Whether windows beyond the memory of tensors wait on the disk. */
  hasScratch?: boolean;
}

/** Weights that are decoded and changed at a time, at most. */
const weightsTogether = 2 ** 22;

/** Elements of a site that TRIP's search keeps, at most. */
const mostKept = 2 ** 24;

/** What calibration and quantization hold besides weights and an open block, in bytes; 0 where there are none. */
export function preparingMemory(planned: PlannedPreparation): number {
  const { method, architecture } = planned;
  const passes = method.passes(architecture);
  const rewriting = weightPasses(passes);
  const phases = [rewriting, passes.slice(rewriting.length)];
  return Math.max(...phases.map((each) => phaseMemory(each, planned)));
}

/** The windows of all routes, what one of them computes, and what a pass gathers and works on. */
function phaseMemory(passes: readonly Pass[], planned: PlannedPreparation): number {
  const { architecture, window, hasScratch } = planned;
  const changing = passes.some(({ rewrite }) => rewrite) ? changingMemory(architecture) : 0;
  const fisher = fisherMemory(passes, planned);
  const observing = passes.filter(looksAtValues);
  if (observing.length === 0) return fisher + changing;
  const routes = new Map(
    observing.map(({ carries = "rewritten", lower, sees, ...pass }) => [
      JSON.stringify([pass.windows, carries, sees === "lower" ? lower : null]),
      windowsOf(pass, planned),
    ]),
  );
  const streams = routes.values().map((windows) => {
    const bytes = windows * streamBytes(architecture, window);
    return hasScratch ? Math.min(bytes, tensorStreams) : bytes;
  }).reduce((sum, bytes) => sum + bytes, 0);
  const gathered = observing.map((pass) => gatheredMemory(pass, planned));
  const running = streams + windowBytes(architecture, window) + Math.max(...gathered);
  return fisher + running + changing;
}

function windowsOf({ windows }: Pick<Pass, "windows">, planned: PlannedPreparation): number {
  return windows === "activations" ? planned.activationWindows : planned.weightWindows;
}

/** What a pass keeps of the sites that it observes; of a Hessian also the factor that is made of it. */
function gatheredMemory(pass: Pass, planned: PlannedPreparation): number {
  const { architecture, window } = planned;
  const tokens = windowsOf(pass, planned) * window;
  const bytesOf = (site: SiteName, kind: SiteObservation) => {
    const channels = siteChannels(architecture, site);
    if (kind === "gram") return (2 + 4) * channels ** 2; // triangles of float32 and float64
    if (kind === "values") return 4 * tokens * channels;
    return typeof kind === "string" ? 0 : 4 * Math.min(tokens * channels, mostKept);
  };
  return observedSites(pass).values.reduce((sum, [site, kind]) => sum + bytesOf(site, kind), 0);
}

/** The Fisher information of all blocks, and what one window computes forwards and backwards in one of them. */
function fisherMemory(
  passes: readonly Pass[],
  { architecture, window, weightWindows }: PlannedPreparation,
): number {
  if (passes.every((pass) => observedSites(pass).fisher.length === 0)) return 0;
  const { layers } = architecture;
  const weights = linearShapes(architecture)
    .reduce((sum, [rows, columns]) => sum + rows * columns, 0);
  const stream = layers * streamBytes(architecture, window);
  const streams = Math.max(stream, Math.min(weightWindows * stream, tensorStreams));
  return 4 * layers * weights + streams + 2 * windowBytes(architecture, window) + 8 * weights;
}

/** The channels of a site: inputs of the maps that read it. */
function siteChannels(architecture: Architecture, site: SiteName): number {
  const group = linearGroups.find(({ reads }) => reads === site);
  const shape = moduleShapes({ ...architecture, layers: 1 })
    .find(({ name }) => (group?.names as readonly string[] | undefined)?.includes(name));
  return shape?.weight[1] ?? architecture.hiddenSize;
}

/** The codes of the largest map, and some of its rows in float32 and float64. */
function changingMemory(architecture: Architecture): number {
  const largest = Math.max(...linearShapes(architecture).map(([rows, columns]) => rows * columns));
  return largest + (4 + 8) * Math.min(largest, weightsTogether);
}
