import { z } from "zod";
import type { Database } from "../../../common/storage/db";
import { getSetting, putSetting } from "../../../common/storage/settings";
import { RUN_ORDERS } from "../../store/runsSlice";
import type { StudioState, StudioStore } from "../../store/studioStore";

const KEY = "page/runs";

/** Another version may have stored it; what is not understood is forgotten. */
const Arrangement = z.object({
  order: z.enum(RUN_ORDERS),
  filter: z.string().max(200),
  foldSeeds: z.boolean(),
});

const arrangementOf = ({ runs: { order, filter, foldSeeds } }: StudioState) => ({
  ...{ order, filter, foldSeeds },
});

/**
 * How the list of runs is arranged, over reloads: read once there are runs, written when it is changed. A database that
 * cannot be used keeps nobody from arranging the list, so it is not reported here.
 * @returns what ends it
 */
export function keepArrangement(
  store: StudioStore,
  withDatabase: <T>(work: (db: Database) => Promise<T>) => Promise<T>,
): () => void {
  let stored = arrangementOf(store.getState());
  let wasRead = false;
  const read = async () => {
    wasRead = true;
    const found = Arrangement.safeParse(await withDatabase((db) => getSetting(db, KEY)));
    if (!found.success) return;
    stored = found.data;
    store.getState().arrangeRuns(found.data);
  };
  const write = async (wanted: typeof stored) => {
    stored = wanted;
    await withDatabase((db) => putSetting(db, KEY, wanted));
  };
  return store.subscribe((state, before) => {
    if (!wasRead && state.data.runs.length > 0) void read().catch(() => undefined);
    if (state.runs === before.runs) return;
    const wanted = arrangementOf(state);
    if (JSON.stringify(wanted) !== JSON.stringify(stored))
      void write(wanted).catch(() => undefined);
  });
}
