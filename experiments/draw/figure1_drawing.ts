import {
  combineVerdicts,
  counted,
  describeCases,
  type JudgedCase,
  mapEstimate,
  type Verdict,
  verdictOf,
} from "../../lib/core/mod.ts";
import { type Drawing, letterOf, panels } from "../../lib/report/mod.ts";
import type { LayerConcentration } from "../measure/attention_measure.ts";
import { layerOfMost } from "../measure/channel_measure.ts";
import type { Figure1Maps, Figure1Row } from "../measure/figure1_measure.ts";
import type { PruningPlan } from "../measure/pruning_plan.ts";
import { formatEstimate, formatShare } from "../result/format_estimate.ts";
import { patternVerdict, persistenceVerdict } from "../result/pattern_verdicts.ts";
import { concentrationRow, headRow, mapRow } from "./attention_drawing.ts";
import { channelRow } from "./channel_drawing.ts";
import { panelTitle } from "./panel_title.ts";
import { prunedTokens } from "./pruned_tokens.ts";

/**
 * Draws figure 1 and says what it shows.
 *
 * @param data The pictures of the first model, and the numbers of all.
 * @param distance How many tokens count as near.
 * @param pruning What e and the channels' numbers are pruned by.
 */
export function drawFigure1(
  { maps, models }: { maps: Figure1Maps; models: readonly Figure1Row[] },
  distance: number,
  pruning: Pick<PruningPlan, "beta" | "layers">,
): Drawing {
  const cases = models.flatMap(judge);
  const title = (letter: string, what: string) =>
    panelTitle(letter, what, { model: maps.model, among: models });
  return {
    shows:
      `a-c: mean attention map of the heads of ${maps.model} over the first tokens of a test ` +
      "text, blank where no attention is left. d: |x| of the input of its q, k, v projections. e: largest |x| of each channel, before " +
      `and after pruning ${prunedTokens(pruning)}. f, g: share of the attention that goes to the ` +
      "first token and to the " +
      `nearest ${
        counted(distance, "token")
      }, against what equal attention to all visible tokens would give. h, i: the first of the two shares ` +
      `head by head in ${maps.model}. Quantized are activations alone, as AgileQ-8 does.`,
    verdict: combineVerdicts(cases),
    agreement:
      "The paper sees a stripe at the first token, a bright diagonal, and channels of outliers. That " +
      "each of the first two takes more than twice its share of equal attention in the last layer, " +
      "that quantized activations take more than half of its attention from the first token there and " +
      "give the nearest ones more (c), " +
      "and that a channel is outlying in more than half of the tokens of some layer, is " +
      `${describeCases(cases)}.`,
    details: models.map(describe),
    spec: panels([
      mapRow(
        maps.attention,
        models[0].attention,
        distance,
        [0, 1, 2].map((panel) => title(letterOf(panel), "")),
      ),
      channelRow(maps.channels, title("d", "input of q, k, v"), "e. channel maxima"),
      concentrationRow(models, distance, ["f. ", "g. "]),
      headRow(models[0], [title("h", ""), title("i", "")]),
    ]),
  };
}

/** Whether the paper's patterns are there in one model. */
function judge({ model, attention, channels }: Figure1Row): JudgedCase[] {
  const { stripe, diagonal } = attention.at(-1)!.full;
  const { persistence } = layerOfMost(channels, "persistence");
  const move = combineVerdicts(moves(attention.at(-1)!, 0.5));
  return [
    { name: `the stripe of ${model}`, verdict: patternVerdict(stripe) },
    { name: `the diagonal of ${model}`, verdict: patternVerdict(diagonal) },
    { name: `the move of ${model}`, verdict: move },
    { name: `the channels of ${model}`, verdict: persistenceVerdict(persistence) },
  ];
}

/**
 * Whether quantization leaves the first token less than some share of its attention in one layer, and the
 * nearest tokens gain.
 */
function moves(
  { startMoved, localMoved }: LayerConcentration,
  left: number,
): { verdict: Verdict }[] {
  return [
    { verdict: verdictOf(startMoved, { below: left }) },
    { verdict: verdictOf(localMoved, { above: 1 }) },
  ];
}

/** The numbers beside the picture of one model. */
function describe({ model, attention, channels }: Figure1Row): string {
  const { full, quantized, startMoved, localMoved } = attention.at(-1)!;
  const striped = attention.filter(({ full }) => patternVerdict(full.stripe) === "reproduced");
  const moved = attention.filter((each) => combineVerdicts(moves(each, 1)) === "reproduced");
  const heads = attention.flatMap(({ layer, heads }) =>
    heads.full.map((share, head) => ({ layer, head, share }))
  );
  const most = heads.reduce((most, each) => each.share > most.share ? each : most);
  const half = heads.filter(({ share }) => share > 0.5).length;
  const { spread, spreadPruned } = layerOfMost(channels, "spread");
  const { persistence } = layerOfMost(channels, "persistence");
  const outlying = mapEstimate(persistence, (share) => 100 * share);
  return `${model}: the last layer gives the first token ${formatShare(full.start)}, ` +
    `${formatEstimate(full.stripe, 2)} times equal attention (quantized ` +
    `${formatShare(quantized.start)}), and the nearest tokens ${formatShare(full.local)}, ` +
    `${formatEstimate(full.diagonal, 2)} times (quantized ${
      formatShare(quantized.local)
    }); quantization leaves the first token ${
      formatEstimate(startMoved, 3)
    } of its share there and ` +
    `the nearest ${formatEstimate(localMoved, 3)} of theirs, and moves any from the one to the ` +
    `others in ${moved.length} of ${attention.length} layers; the first token has more than twice its ` +
    `share of equal attention in ${striped.length} of them (${
      layerRuns(striped.map(({ layer }) => layer))
    }) and more than half of the attention of ${half} of ${heads.length} heads, most in head ` +
    `${most.head} of layer ${most.layer} (${formatShare(most.share)}); the largest ` +
    `channel reaches ${formatEstimate(spread, 1)} times the median one, ` +
    `${
      formatEstimate(spreadPruned, 1)
    } times after pruning, and the one that is outlying most often is so in ` +
    `${formatEstimate(outlying, 1)} % of the tokens.`;
}

/** Ascending layers in runs: `layers 2-9, 12-29`, `layer 3`, `none`. */
export function layerRuns(layers: readonly number[]): string {
  const firsts = layers.filter((layer, index) => layers[index - 1] !== layer - 1);
  const lasts = layers.filter((layer, index) => layers[index + 1] !== layer + 1);
  const runs = firsts.map((first, index) =>
    first === lasts[index] ? `${first}` : `${first}-${lasts[index]}`
  );
  if (runs.length === 0) return "none";
  return `${layers.length === 1 ? "layer" : "layers"} ${runs.join(", ")}`;
}
