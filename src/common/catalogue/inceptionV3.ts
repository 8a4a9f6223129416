import type { HubFile } from "./hubFile";

/**
 * Inception-v3 as FID uses it: the network of 2015-12-05 in TensorFlow, under the names of its port to torch
 * (mseitzer/pytorch-fid, toshas/torch-fidelity). torchvision's Inception-v3 is another network.
 */
export const INCEPTION_V3 = {
  id: "inception-v3",
  label: "Inception-v3 (FID)",
  /** Part of its cache's key: raised when the code would give other features. */
  version: "tf1-bilinear-1",
  /** Pooled features, pool3. */
  width: 2048,
  /** Classes of its classifier, of which 1,000 were trained. */
  classes: 1008,
  /** Side of its input, px. */
  side: 299,
  /** With the running statistics of its normalisations. */
  parameters: 23_885_392,
  files: [
    {
      repo: "mseitzer/pytorch-fid",
      revision: "fid_weights",
      file: "pt_inception-2015-12-05.safetensors",
      bytes: 95_541_568,
      licence: { name: "Apache-2.0", nonCommercial: false },
      byHand: `import torch; from safetensors.torch import save_file
state = torch.hub.load_state_dict_from_url("https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth", map_location="cpu")
save_file({name: value.contiguous() for name, value in state.items()}, "pt_inception-2015-12-05.safetensors")`,
    },
  ],
} as const satisfies {
  readonly files: readonly [HubFile, ...HubFile[]];
  readonly [fact: string]: unknown;
};
