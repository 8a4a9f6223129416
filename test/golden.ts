import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import {
  parseSafetensors,
  type SafetensorsDtype,
  type SafetensorsTensor,
} from "../src/common/formats/safetensors";

/** What every manifest has; the rest differs by family and is read with `field` helpers or a schema. */
const Manifest = z.looseObject({ name: z.string(), results: z.unknown().optional() });
export type GoldenManifest = z.infer<typeof Manifest>;

export interface Golden {
  /** Where it came from, for messages. */
  readonly path: string;
  readonly manifest: GoldenManifest;
  readonly tensors: ReadonlyMap<string, SafetensorsTensor>;
}

const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), "golden");

/**
 * Reads NAME.json with NAME.safetensors beside it.
 *
 * @param path a manifest's path, with or without ".json"; a relative one is looked up from the working
 * directory, then in test/golden ("metrics/alignment")
 */
export function loadGolden(path: string): Golden {
  const wanted = path.endsWith(".json") ? path : `${path}.json`;
  const manifestPath = [wanted, join(FIXTURES, wanted)].find((candidate) => existsSync(candidate));
  if (manifestPath === undefined) {
    throw new Error(`No golden manifest at ${wanted}, here or in test/golden.`);
  }
  const manifest = Manifest.parse(JSON.parse(readFileSync(manifestPath, "utf8")));
  const { tensors } = parseSafetensors(
    readFileSync(manifestPath.replace(/\.json$/, ".safetensors")),
  );
  return { path: manifestPath, manifest, tensors };
}

/** Every manifest of a folder that has tensors beside it (or the one manifest named), sorted by name. */
export function loadGoldenFolder(path: string): Golden[] {
  if (!existsSync(path)) throw new Error(`${path} does not exist.`);
  if (!statSync(path).isDirectory()) return [loadGolden(path)];
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .filter((file) => existsSync(join(path, `${basename(file, ".json")}.safetensors`)))
    .sort()
    .map((file) => loadGolden(join(path, file)));
}

/** A tensor by name, or an error that lists what there is. */
export function goldenTensor(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  name: string,
): SafetensorsTensor {
  const tensor = tensors.get(name);
  if (!tensor) {
    throw new Error(
      `No tensor "${name}" in the fixture; it has ${[...tensors.keys()].join(", ")}.`,
    );
  }
  return tensor;
}

/** A tensor of the dtype the caller can handle. */
export function goldenTensorOf<D extends SafetensorsDtype>(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  name: string,
  dtype: D,
): Extract<SafetensorsTensor, { dtype: D }> {
  const tensor = goldenTensor(tensors, name);
  const isWanted = (t: SafetensorsTensor): t is Extract<SafetensorsTensor, { dtype: D }> =>
    t.dtype === dtype;
  if (!isWanted(tensor)) throw new Error(`Tensor "${name}" is ${tensor.dtype}, expected ${dtype}.`);
  return tensor;
}
