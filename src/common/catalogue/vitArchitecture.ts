/** What distinguishes one frozen vision transformer from another. @source timm.models.vision_transformer.VisionTransformer */
export interface VitArchitecture {
  /** Side of a patch, px. */
  readonly patch: number;
  /** Features of a token, D. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** `hidden` is the width between the layers; SwiGLU's first layer is twice as wide, gate before value. */
  readonly mlp: {
    readonly activation: "gelu" | "gelu-tanh" | "quick-gelu" | "swiglu";
    readonly hidden: number;
  };
  /** Side of the token grid the position table was trained for. */
  readonly grid: number;
  /** Whether a class token stands before the patches. */
  readonly clsToken: boolean;
  /** Register tokens between class token and patches: they join after the positions and have none. */
  readonly registers: number;
  /** Whether each branch of a block is scaled by a vector (`ls1.gamma`, `ls2.gamma`). */
  readonly layerScale: boolean;
  /** Whether the patch convolution has a bias. */
  readonly patchBias: boolean;
  /** CLIP's norm before the first block. */
  readonly preNorm: boolean;
  readonly normEps: number;
  /** Whether the tokens handed out pass the final norm; the weights have one either way. */
  readonly finalNorm: boolean;
}
