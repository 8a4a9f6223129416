import { listCaches } from "./caches";
import { listDatasets } from "./datasets";
import type { Database } from "./db";
import type { Deletable } from "./quota";
import { listWeights } from "./weights";

/** Caches, weights and imported images with what deleting each would free. */
export async function deletable(db: Database): Promise<Deletable[]> {
  const [caches, weights, datasets] = await Promise.all([
    listCaches(db),
    listWeights(db),
    listDatasets(db),
  ]);
  return [
    ...caches.map(({ label, bytes }) => ({ label, bytes })),
    ...weights.map(({ repo, file, bytes }) => ({ label: `${repo}/${file}`, bytes })),
    ...datasets.map(({ name, bytes }) => ({ label: `Images of ${name}`, bytes })),
  ];
}
