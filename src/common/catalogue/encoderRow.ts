import type { HubFile, Licence } from "./hubFile";
import type { VitArchitecture } from "./vitArchitecture";

type Rgb = readonly [number, number, number];

/**
 * How an image becomes the network's input: its side is token grid * patch, reached by torch's plain bicubic (no
 * antialiasing, no clamping; none when it fits), and values in [0, 1] become (x - mean) / std.
 * @source sihyun-yu/REPA train.py preprocess_raw_image
 */
export interface InputLaw {
  readonly patch: number;
  readonly mean: Rgb;
  readonly std: Rgb;
  /** What comes first; the two orders agree but for rounding. */
  readonly order: "normalise, resize" | "resize, normalise";
}

/** Where an encoder's weights come from. */
export type WeightsOrigin =
  | { readonly kind: "none" }
  /** Committed with the studio; `card`, below public/models, names the file. */
  | { readonly kind: "built-in"; readonly card: string }
  /** Drawn anew: what the training named by `card` started from. */
  | { readonly kind: "untrained"; readonly card: string }
  /** The same weights in each; the first is preferred. */
  | { readonly kind: "hub"; readonly files: readonly [HubFile, ...HubFile[]] };

/** What a frozen encoder is, and how images become its tokens: the patches alone, row-major. */
export interface EncoderRow<Id extends string = string> {
  readonly id: Id;
  readonly label: string;
  /** Short enough for a legend. */
  readonly short: string;
  readonly about: string;
  readonly family: "built-in" | "dinov2" | "dino" | "mae" | "mocov3" | "clip" | "ijepa";
  /** Features of a token, Z. */
  readonly width: number;
  /**
   * Part of every cache key: raised when the code would give other features, with the start of the file's
   * SHA-256 where the file is ours.
   */
  readonly version: string;
  readonly input: InputLaw;
  /** Absent for what is not a vision transformer. */
  readonly vit?: VitArchitecture;
  readonly weights: WeightsOrigin;
  /** Its name as the reference's `--enc-type`, where the released code can load it. */
  readonly encType?: string;
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;

/** What every size of a family gives anew. */
export type VitShape = Pick<VitArchitecture, "width" | "depth" | "heads" | "patch" | "grid">;

/** The plain pre-norm transformer, four times as wide within its MLPs, but for what `differs`. */
export const vit = (shape: VitShape, differs: Partial<VitArchitecture> = {}): VitArchitecture => ({
  mlp: { activation: "gelu", hidden: 4 * shape.width },
  clsToken: true,
  registers: 0,
  layerScale: false,
  patchBias: true,
  preNorm: false,
  normEps: 1e-6,
  finalNorm: true,
  ...shape,
  ...differs,
});

/** A repository and the bytes of its file, where they are not the row's. */
type Repository = string | readonly [repo: string, bytes: number];

/** What a row of published weights states. */
export interface Published<Id extends string> {
  readonly id: Id;
  readonly label: string;
  readonly short: string;
  readonly about: string;
  readonly family: EncoderRow["family"];
  readonly architecture: VitArchitecture;
  /** The preferred one first; the files of the others were not all checked: what the hub returns decides. */
  readonly repos: readonly [Repository, ...Repository[]];
  /** Four for each parameter: the header, some kB, is not counted. */
  readonly bytes: number;
  readonly licence: Licence;
  readonly input?: Partial<InputLaw>;
  readonly encType?: string;
}

/** The row of an encoder whose weights are on the hub. */
export function published<const Id extends string>(facts: Published<Id>): EncoderRow<Id> {
  const { architecture, repos, bytes, licence, input, ...named } = facts;
  const hubFile = (repository: Repository): HubFile => {
    const [repo, size] = typeof repository === "string" ? [repository, bytes] : repository;
    return { repo, revision: "main", file: "model.safetensors", bytes: size, licence };
  };
  const [preferred, ...others] = repos;
  return {
    ...named,
    width: architecture.width,
    version: "1",
    input: { patch: architecture.patch, ...IMAGENET, order: "normalise, resize", ...input },
    vit: architecture,
    weights: { kind: "hub", files: [hubFile(preferred), ...others.map(hubFile)] },
  };
}
