/** Which parameter of models/vit.ts a stored tensor is, or which third of one: `part` 0, 1, 2 are q, k, v. */
export interface NativeName {
  readonly name: string;
  readonly part?: 0 | 1 | 2;
}

/** A rule: what a name looks like, and the native name with `$1`, `$2` for its groups. */
type Rule = readonly [pattern: RegExp, native: string, part: 0 | 1 | 2 | undefined];

/** How one family of files names a vision transformer's tensors. */
interface NamingScheme {
  /** The tensor by which the scheme is recognised; what stands before its name is the prefix of all names. */
  readonly landmark: string;
  readonly rules: readonly Rule[];
  /** Surplus: parts of the published model that are not its vision transformer's forward pass. */
  readonly surplus: RegExp;
  /** The same for names outside the prefix. */
  readonly surplusOutside: RegExp;
}

const AFFINE = "(weight|bias)";
const rule = (pattern: string, native: string, part?: 0 | 1 | 2): Rule => [
  new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("N", "(\\d+)")}$`),
  native,
  part,
];
/** A linear map or norm: `pattern` and `native` without their ".weight" and ".bias". */
const pair = (pattern: string, native: string, part?: 0 | 1 | 2): Rule =>
  rule(`${pattern}.${AFFINE}`, `${native}.$${pattern.includes("N") ? 2 : 1}`, part);

/** timm's, which are also the official ones of DINO, DINOv2, MAE, MoCo v3 and I-JEPA. */
const TIMM: NamingScheme = {
  landmark: "patch_embed.proj.weight",
  rules: [
    rule("(cls_token|pos_embed|reg_token)", "$1"),
    rule("register_tokens", "reg_token"),
    pair("patch_embed.proj", "patch_embed.proj"),
    pair("norm_pre", "norm_pre"),
    pair("norm", "norm"),
    pair("blocks.N.norm1", "blocks.$1.norm1"),
    pair("blocks.N.norm2", "blocks.$1.norm2"),
    pair("blocks.N.attn.qkv", "blocks.$1.attn.qkv"),
    pair("blocks.N.attn.proj", "blocks.$1.attn.proj"),
    pair("blocks.N.mlp.(?:fc1|w12)", "blocks.$1.mlp.fc1"),
    pair("blocks.N.mlp.(?:fc2|w3)", "blocks.$1.mlp.fc2"),
    rule("blocks.N.(ls1|ls2).gamma", "blocks.$1.$2.gamma"),
  ],
  surplus: /^(mask_token$|head\.|fc\.|decoder_|decoder\.)/,
  surplusOutside: /^module\.(momentum_encoder|predictor)\./,
};

/** transformers' ViT, DINOv2, ViT-MAE and I-JEPA; `vit.` and the like stand before. */
const TRANSFORMERS: NamingScheme = {
  landmark: "embeddings.patch_embeddings.projection.weight",
  rules: [
    rule("embeddings.cls_token", "cls_token"),
    rule("embeddings.position_embeddings", "pos_embed"),
    rule("embeddings.register_tokens", "reg_token"),
    pair("embeddings.patch_embeddings.projection", "patch_embed.proj"),
    pair("encoder.layer.N.(?:norm1|layernorm_before)", "blocks.$1.norm1"),
    pair("encoder.layer.N.(?:norm2|layernorm_after)", "blocks.$1.norm2"),
    pair("encoder.layer.N.attention.attention.query", "blocks.$1.attn.qkv", 0),
    pair("encoder.layer.N.attention.attention.key", "blocks.$1.attn.qkv", 1),
    pair("encoder.layer.N.attention.attention.value", "blocks.$1.attn.qkv", 2),
    pair("encoder.layer.N.attention.output.dense", "blocks.$1.attn.proj"),
    pair("encoder.layer.N.(?:intermediate.dense|mlp.fc1|mlp.weights_in)", "blocks.$1.mlp.fc1"),
    pair("encoder.layer.N.(?:output.dense|mlp.fc2|mlp.weights_out)", "blocks.$1.mlp.fc2"),
    rule("encoder.layer.N.layer_scale(1|2).lambda1", "blocks.$1.ls$2.gamma"),
    pair("layernorm", "norm"),
  ],
  surplus: /^(embeddings\.(mask_token|position_ids)$|pooler\.|classifier\.|decoder\.)/,
  surplusOutside: /^(classifier|decoder|pooler)\./,
};

const CLIP_REST =
  /^(text_model\.|transformer\.|token_embedding\.|positional_embedding$|ln_final\.|(text_projection|visual_projection)(\.|$)|logit_(scale|bias)$|(input_resolution|context_length|vocab_size|attn_mask)$)/;

/** transformers' CLIP, its vision half; `pre_layrnorm` is its spelling. */
const TRANSFORMERS_CLIP: NamingScheme = {
  landmark: "embeddings.patch_embedding.weight",
  rules: [
    rule("embeddings.class_embedding", "cls_token"),
    rule("embeddings.position_embedding.weight", "pos_embed"),
    rule("embeddings.patch_embedding.weight", "patch_embed.proj.weight"),
    pair("(?:pre_layrnorm|pre_layernorm)", "norm_pre"),
    pair("post_layernorm", "norm"),
    pair("encoder.layers.N.layer_norm1", "blocks.$1.norm1"),
    pair("encoder.layers.N.layer_norm2", "blocks.$1.norm2"),
    pair("encoder.layers.N.self_attn.q_proj", "blocks.$1.attn.qkv", 0),
    pair("encoder.layers.N.self_attn.k_proj", "blocks.$1.attn.qkv", 1),
    pair("encoder.layers.N.self_attn.v_proj", "blocks.$1.attn.qkv", 2),
    pair("encoder.layers.N.self_attn.out_proj", "blocks.$1.attn.proj"),
    pair("encoder.layers.N.mlp.fc1", "blocks.$1.mlp.fc1"),
    pair("encoder.layers.N.mlp.fc2", "blocks.$1.mlp.fc2"),
  ],
  surplus: /^embeddings\.position_ids$/,
  surplusOutside: CLIP_REST,
};

/** OpenAI's CLIP, its vision half; `visual.` stands before where the text half is in the file. */
const OPENAI_CLIP: NamingScheme = {
  landmark: "conv1.weight",
  rules: [
    rule("class_embedding", "cls_token"),
    rule("positional_embedding", "pos_embed"),
    rule("conv1.weight", "patch_embed.proj.weight"),
    pair("ln_pre", "norm_pre"),
    pair("ln_post", "norm"),
    pair("transformer.resblocks.N.ln_1", "blocks.$1.norm1"),
    pair("transformer.resblocks.N.ln_2", "blocks.$1.norm2"),
    rule(`transformer.resblocks.N.attn.in_proj_${AFFINE}`, "blocks.$1.attn.qkv.$2"),
    pair("transformer.resblocks.N.attn.out_proj", "blocks.$1.attn.proj"),
    pair("transformer.resblocks.N.mlp.c_fc", "blocks.$1.mlp.fc1"),
    pair("transformer.resblocks.N.mlp.c_proj", "blocks.$1.mlp.fc2"),
  ],
  surplus: /^proj$/,
  surplusOutside: CLIP_REST,
};

const SCHEMES = [TIMM, TRANSFORMERS, TRANSFORMERS_CLIP, OPENAI_CLIP];

function applyRules(rules: readonly Rule[], name: string): NativeName | undefined {
  for (const [pattern, native, part] of rules) {
    if (pattern.test(name)) {
      return { name: name.replace(pattern, native), ...(part === undefined ? {} : { part }) };
    }
  }
  return undefined;
}

/** What the names of a file mean: a parameter, nothing of the encoder's (`surplus`), or unknown. */
export type Meaning = NativeName | "surplus" | "unknown";

/**
 * Reads the naming scheme off a file's own names: timm's, transformers' or OpenAI's, with any prefix.
 * @returns a function from the file's names to their meaning, or undefined when no scheme's patch embedding is there
 */
export function namingOf(stored: Iterable<string>): ((name: string) => Meaning) | undefined {
  const names = [...stored];
  for (const { landmark, rules, surplus, surplusOutside } of SCHEMES) {
    const found = names.find((name) => name === landmark || name.endsWith(`.${landmark}`));
    if (found === undefined) continue;
    const prefix = found.slice(0, found.length - landmark.length);
    return (name) => {
      if (!name.startsWith(prefix)) return surplusOutside.test(name) ? "surplus" : "unknown";
      const inner = name.slice(prefix.length);
      if (surplus.test(inner)) return "surplus";
      return applyRules(rules, inner) ?? "unknown";
    };
  }
  return undefined;
}

/** Other networks that published files hold beside the encoder. They are not fetched. */
const OTHER_TOWERS = /^(text_model\.|decoder[._])/;

/** Whether a tensor of an encoder's file may belong to the encoder; decided by its name, before the file is read. */
export const mayBeEncoders = (stored: string): boolean => !OTHER_TOWERS.test(stored);
