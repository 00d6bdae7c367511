import { erf, plus, type ReferenceWeights, type Vector } from "./reference_weights.ts";

/** What one family does with one token; heads lie side by side in query, key and value. */
export interface ReferenceFamily {
  layers: number;
  heads: number;
  keyValueHeads: number;
  headDim: number;
  embed(token: number, position: number): Vector;
  /** What the q, k and v projections read. */
  attentionInput(layer: number, x: Vector): Vector;
  query(layer: number, input: Vector, position: number): Vector;
  key(layer: number, input: Vector, position: number): Vector;
  value(layer: number, input: Vector): Vector;
  /** Whether a query sees a key so many positions before it. */
  sees(layer: number, distance: number): boolean;
  /** Shares of logits by softpick, not by softmax. */
  softpick?: boolean;
  /** Added to the logit of a key so many positions behind the query, 0 or less. */
  scoreBias(head: number, distance: number): number;
  /** The residual stream after attention. */
  afterAttention(layer: number, x: Vector, joinedHeads: Vector): Vector;
  /** The residual stream after the MLP. */
  afterMlp(layer: number, x: Vector): Vector;
  logits(x: Vector): Vector;
}

/** The family that config.json names. */
export function referenceFamily(weights: ReferenceWeights): ReferenceFamily {
  const { model_type, attention_normalization } = weights.config;
  const family = { llama, opt, bloom, qwen2: llama, mistral: llama }[model_type as string]!;
  return { ...family(weights), softpick: attention_normalization === "softpick" };
}

/** Touvron et al. 2023, with the grouped-query attention of Ainslie et al. 2023. */
function llama(w: ReferenceWeights): ReferenceFamily {
  const heads = w.number("num_attention_heads");
  const headDim = w.number("head_dim") ?? w.number("hidden_size") / heads;
  const epsilon = w.number("rms_norm_eps");
  const theta = w.number("rope_theta");
  const rotated = (x: Vector, position: number) => {
    const y = [...x];
    for (let head = 0; head < x.length; head += headDim) {
      for (let i = 0; i < headDim / 2; i++) {
        const angle = position / theta ** (2 * i / headDim);
        const [a, b] = [x[head + i], x[head + i + headDim / 2]];
        y[head + i] = a * Math.cos(angle) - b * Math.sin(angle);
        y[head + i + headDim / 2] = a * Math.sin(angle) + b * Math.cos(angle);
      }
    }
    return y;
  };
  const project = (layer: number, part: string, x: Vector) =>
    w.affine(`layers.${layer}.${part}`, x);
  return {
    layers: w.number("num_hidden_layers"),
    heads,
    keyValueHeads: w.number("num_key_value_heads"),
    headDim,
    embed: (token) => w.row("embed_tokens.weight", token),
    attentionInput: (layer, x) => w.rmsNorm(`layers.${layer}.input_layernorm`, x, epsilon),
    query: (layer, input, position) => rotated(project(layer, "self_attn.q_proj", input), position),
    key: (layer, input, position) => rotated(project(layer, "self_attn.k_proj", input), position),
    value: (layer, input) => project(layer, "self_attn.v_proj", input),
    // Jiang et al. 2023; in Qwen2 from some layer on.
    sees: (layer, distance) =>
      !(w.config.use_sliding_window ?? true) || layer < (w.number("max_window_layers") ?? 0) ||
      distance < (w.number("sliding_window") ?? Infinity),
    scoreBias: () => 0,
    afterAttention: (layer, x, joined) => plus(x, project(layer, "self_attn.o_proj", joined)),
    afterMlp(layer, x) {
      const input = w.rmsNorm(`layers.${layer}.post_attention_layernorm`, x, epsilon);
      const gate = project(layer, "mlp.gate_proj", input);
      const up = project(layer, "mlp.up_proj", input);
      const hidden = up.map((each, i) => each * gate[i] / (1 + Math.exp(-gate[i])));
      return plus(x, project(layer, "mlp.down_proj", hidden));
    },
    logits(x) {
      const head = w.config.tie_word_embeddings ? "embed_tokens" : "lm_head";
      return w.affine(head, w.rmsNorm("norm", x, epsilon));
    },
  };
}

/** Zhang et al. 2022; norms come first except in opt-350m, which also has the two projections. */
function opt(w: ReferenceWeights): ReferenceFamily {
  const heads = w.number("num_attention_heads");
  const normFirst = w.config.do_layer_norm_before as boolean;
  const part = (layer: number, name: string) => `layers.${layer}.${name}`;
  const norm = (module: string, x: Vector) => w.layerNorm(module, x, 1e-5);
  return {
    layers: w.number("num_hidden_layers"),
    heads,
    keyValueHeads: heads,
    headDim: w.number("hidden_size") / heads,
    embed(token, position) {
      const embedding = w.row("embed_tokens.weight", token);
      const projected = w.has("project_in.weight") ? w.affine("project_in", embedding) : embedding;
      return plus(projected, w.row("embed_positions.weight", position + 2));
    },
    attentionInput: (layer, x) => normFirst ? norm(part(layer, "self_attn_layer_norm"), x) : x,
    query: (layer, input) => w.affine(part(layer, "self_attn.q_proj"), input),
    key: (layer, input) => w.affine(part(layer, "self_attn.k_proj"), input),
    value: (layer, input) => w.affine(part(layer, "self_attn.v_proj"), input),
    sees: () => true,
    scoreBias: () => 0,
    afterAttention(layer, x, joined) {
      const sum = plus(x, w.affine(part(layer, "self_attn.out_proj"), joined));
      return normFirst ? sum : norm(part(layer, "self_attn_layer_norm"), sum);
    },
    afterMlp(layer, x) {
      const input = normFirst ? norm(part(layer, "final_layer_norm"), x) : x;
      const hidden = w.affine(part(layer, "fc1"), input).map((each) =>
        w.config.activation_function === "gelu"
          ? each / 2 * (1 + erf(each / Math.SQRT2))
          : Math.max(0, each)
      );
      const sum = plus(x, w.affine(part(layer, "fc2"), hidden));
      return normFirst ? sum : norm(part(layer, "final_layer_norm"), sum);
    },
    logits(x) {
      const normed = normFirst ? norm("final_layer_norm", x) : x;
      const projected = w.has("project_out.weight") ? w.affine("project_out", normed) : normed;
      return w.affine("embed_tokens", projected);
    },
  };
}

/** Le Scao et al. 2022, with the biases of Press et al. 2022. */
function bloom(w: ReferenceWeights): ReferenceFamily {
  const heads = w.number("num_attention_heads", "n_head");
  const headDim = w.number("n_embed", "hidden_size") / heads;
  const onStream = w.config.apply_residual_connection_post_layernorm as boolean;
  const part = (layer: number, name: string) => `h.${layer}.${name}`;
  const norm = (module: string, x: Vector) =>
    w.layerNorm(module, x, w.number("layer_norm_epsilon"));
  /** One third of every head's rows: 0 for queries, 1 for keys, 2 for values. */
  const third = (layer: number, input: Vector, which: number) => {
    const fused = w.affine(part(layer, "self_attention.query_key_value"), input);
    return fused.filter((_, row) => Math.floor(row / headDim) % 3 === which);
  };
  const power = 2 ** Math.floor(Math.log2(heads));
  const slope = (head: number) =>
    head < power
      ? (2 ** (-8 / power)) ** (head + 1)
      : (2 ** (-8 / (2 * power))) ** (2 * (head - power) + 1);
  return {
    layers: w.number("n_layer"),
    heads,
    keyValueHeads: heads,
    headDim,
    embed: (token) => norm("word_embeddings_layernorm", w.row("word_embeddings.weight", token)),
    attentionInput: (layer, x) => norm(part(layer, "input_layernorm"), x),
    query: (layer, input) => third(layer, input, 0),
    key: (layer, input) => third(layer, input, 1),
    value: (layer, input) => third(layer, input, 2),
    sees: () => true,
    scoreBias: (head, distance) => slope(head) * distance,
    afterAttention: (layer, x, joined) =>
      plus(
        onStream ? norm(part(layer, "input_layernorm"), x) : x,
        w.affine(part(layer, "self_attention.dense"), joined),
      ),
    afterMlp(layer, x) {
      const input = norm(part(layer, "post_attention_layernorm"), x);
      const hidden = w.affine(part(layer, "mlp.dense_h_to_4h"), input).map((each) =>
        each / 2 * (1 + Math.tanh(0.79788456 * each * (1 + 0.044715 * each ** 2)))
      );
      return plus(onStream ? input : x, w.affine(part(layer, "mlp.dense_4h_to_h"), hidden));
    },
    logits: (x) => w.affine("word_embeddings", norm("ln_f", x)),
  };
}
