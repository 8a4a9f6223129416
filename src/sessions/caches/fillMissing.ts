import type { ImageDataset } from "../../sources/data/dataset";
import { weightsMissing } from "../../engine/encoders/modelSources";
import type { StudioError } from "../../common/errors/studioError";
import { currentStudioBackend } from "../../engine/kernels/studioBackend";
import type { CacheEvent, CacheRequest } from "../../common/protocol/features";
import type { Database } from "../../common/storage/db";
import { deletable } from "../../common/storage/deletable";
import { assertRoomFor } from "../../common/storage/quota";
import type { SessionEnvironment } from "../common/environment";
import { deviceWarnings } from "../device/deviceWarnings";
import { costEstimateOf } from "./cacheCost";
import type { CacheJob } from "./cacheJobs";
import { dropOutdated, weightsNeeded } from "./cacheWeights";
import { fillCaches, planFilling } from "./fillCaches";
import { withCaches } from "./withCaches";

export interface FillingHooks {
  readonly onEvent: (event: CacheEvent) => void;
  readonly onFault: (fault: StudioError) => void;
  /** Awaited between pieces of work. Lets messages be handled, and throws when caching is to end. */
  readonly between: () => Promise<void>;
}

/** Fills what is missing, on a device of its own. */
export const fillMissing = (
  environment: SessionEnvironment,
  request: CacheRequest,
  { onEvent, onFault, between }: FillingHooks,
): Promise<null> =>
  withCaches(environment, request, async (db, dataset, jobs) => {
    for (const { spec } of jobs) await dropOutdated(db, spec, onEvent);
    const plan = await planFilling(db, jobs, dataset.size, {
      onEvent,
      between,
      ranges: request.ranges,
    });
    if (plan.absent.length === 0) return null; // a resumed run needs no second device
    await assertPossible(db, dataset, jobs);
    const device = await environment.startRuntime(request.backend, onFault);
    onEvent({ type: "device", device });
    for (const failure of deviceWarnings(device)) onEvent({ type: "warning", failure });
    const { adapter } = device;
    await fillCaches(environment, db, dataset, plan, { adapter, onEvent, between });
    currentStudioBackend()?.trim(); // the trainer needs the memory now
    return null;
  });

/** @throws StudioError when storage has no room, or weights are not stored */
async function assertPossible(
  db: Database,
  dataset: ImageDataset,
  jobs: readonly CacheJob[],
): Promise<void> {
  const { items } = await costEstimateOf(db, dataset, jobs);
  const bytes = items.reduce((sum, item) => sum + item.bytes - item.cachedBytes, 0);
  await assertRoomFor(bytes, "Caching latents and features", () => deletable(db));
  const needed = await weightsNeeded(db, dataset, jobs);
  if (needed[0]) throw weightsMissing(needed[0].files);
}
