import type { Licence } from "./hubFile";

/** A data set of the hub that is known to work here: what the Data view offers at a click. */
export interface DatasetPreset {
  readonly id: string;
  readonly label: string;
  readonly repo: string;
  readonly revision: string;
  readonly config: string;
  readonly split: string;
  /** Side the images are best cropped to, px. */
  readonly resolution: number;
  /** To be downloaded, and images in it, as far as known without asking the hub; the offer says the true size. */
  readonly bytes: number;
  readonly images: number;
  readonly classes: number;
  readonly licence: Licence;
  /** What to know before it is fetched: terms, and what nobody has checked. */
  readonly terms: string;
}

const IMAGENET_TERMS =
  "ImageNet's terms of access: non-commercial research and education only; whoever downloads it agrees to them (image-net.org/download). The copy is a third party's, not the ImageNet team's.";
const IMAGENET: Licence = { name: "ImageNet terms of access", nonCommercial: true };

/**
 * Presets. None of their files was fetched where this was written. Read in public code and on cards: repositories,
 * configurations, splits, numbers of images, the ImageNet copy's revision and that its JPEGs are 256 px. Believed and
 * not verified: the bytes of CIFAR-10 and of the ImageNet copy; Imagenette's are its archives', both splits together.
 * The hub is asked before anything is fetched, and names what it has when a configuration is called something else.
 */
export const DATASET_PRESETS: readonly DatasetPreset[] = [
  {
    id: "cifar10",
    label: "CIFAR-10",
    repo: "uoft-cs/cifar10",
    revision: "main",
    config: "plain_text",
    split: "train",
    resolution: 32,
    bytes: 120e6,
    images: 50_000,
    classes: 10,
    licence: { name: "not stated", nonCommercial: false },
    terms: "Its authors ask to be cited (Krizhevsky 2009) and state no licence.",
  },
  {
    id: "imagenette-320",
    label: "Imagenette, 320 px",
    repo: "frgfm/imagenette",
    revision: "main",
    config: "320px",
    split: "train",
    resolution: 256,
    bytes: 342e6,
    images: 9_469,
    classes: 10,
    licence: { name: "Apache-2.0 (the selection)", nonCommercial: true },
    terms: `Ten classes of ImageNet; the list is Apache-2.0, the images are under ${IMAGENET_TERMS}`,
  },
  {
    id: "imagenette-full",
    label: "Imagenette, full size",
    repo: "frgfm/imagenette",
    revision: "main",
    config: "full_size",
    split: "train",
    resolution: 256,
    bytes: 1_557e6,
    images: 9_469,
    classes: 10,
    licence: { name: "Apache-2.0 (the selection)", nonCommercial: true },
    terms: `Ten classes of ImageNet; the list is Apache-2.0, the images are under ${IMAGENET_TERMS}`,
  },
  {
    id: "imagenet-256",
    label: "ImageNet-1k, 256 px (train)",
    repo: "benjamin-paine/imagenet-1k-256x256",
    revision: "1bd0400450249a7fe90c0aece37d0d03e7ea956a",
    config: "default",
    split: "train",
    resolution: 256,
    bytes: 18e9,
    images: 1_281_167,
    classes: 1000,
    licence: IMAGENET,
    terms: `${IMAGENET_TERMS} Its JPEGs are 256 px already and compressed again: not the pixels of the reference's own preparation. As PNG squares it takes about 150 GB here: set a limit.`,
  },
  {
    id: "imagenet-256-validation",
    label: "ImageNet-1k, 256 px (validation)",
    repo: "benjamin-paine/imagenet-1k-256x256",
    revision: "1bd0400450249a7fe90c0aece37d0d03e7ea956a",
    config: "default",
    split: "validation",
    resolution: 256,
    bytes: 700e6,
    images: 50_000,
    classes: 1000,
    licence: IMAGENET,
    terms: `${IMAGENET_TERMS} Small enough to try the thousand classes: 50 images of each.`,
  },
];
