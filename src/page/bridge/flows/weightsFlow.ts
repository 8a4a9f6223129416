import { hubFileKey } from "../../../common/catalogue/hubFile";
import type { Failure } from "../../../common/errors/studioError";
import type { Outcome } from "../../../common/protocol/shared";
import type { WeightsNeeded, WeightsSummary } from "../../../common/protocol/weights";
import type { StudioStore } from "../../store/studioStore";
import { chosenFile, isByHand, type WeightsItem } from "../../store/weightsSlice";
import type { FeaturesApi } from "../../../common/protocol/features";
import { tellOrEnd } from "../workers/heard";
import { whileCalled } from "../workers/whileCalled";
import type { WorkerClient } from "../workers/workerClient";
import type { WorkerPool } from "../workers/workers";

export type WeightsDecision = "ready" | "declined";

export interface WeightsFlow {
  /**
   * Opens the dialog and waits for the user. Nothing is fetched before it is confirmed; a failure asks again. One
   * request at a time: a second one waits for the first, and then asks for what is still missing.
   * @param purpose what goes on once the weights are here, as an infinitive: "train"
   */
  readonly ensureWeights: (
    needed: readonly WeightsNeeded[],
    purpose: string,
  ) => Promise<WeightsDecision>;
  readonly confirm: () => void;
  readonly decline: () => void;
  readonly interrupt: () => void;
  readonly importFile: (item: number, picked: File) => void;
  /** Reads which weights are stored into the store. */
  readonly refresh: () => Promise<void>;
  readonly remove: (key: string) => Promise<Failure | undefined>;
}

type Client = Pick<WorkerClient<FeaturesApi>, "call" | "tell">;
type Pool = WorkerPool<{ readonly features: Client }>;
type Features = () => Client;

export function createWeightsFlow(store: StudioStore, pool: Pool): WeightsFlow {
  const state = () => store.getState();
  const features = () => pool.running().features;
  const requests = createRequests(store);

  async function refresh(): Promise<void> {
    const stored = await features().call((api) => api.storedWeights());
    if (stored.ok) state().setStoredWeights(stored.value);
  }
  const takeAll = createTaking(store, features, { refresh, done: () => requests.close("ready") });

  const stopFetching = () => {
    if (state().weights.ask?.stage === "fetching") {
      void tellOrEnd(pool, (workers) => workers.features.tell((api) => api.cancelDownload()));
    }
  };

  return {
    ensureWeights: requests.ensure,
    confirm: () => void takeAll(),
    decline: () => {
      if (!state().weights.ask) return;
      stopFetching();
      requests.close("declined");
    },
    interrupt: stopFetching,
    importFile: (item, file) => void takeAll({ item, file }),
    refresh,
    remove: async (key) => {
      const outcome = await features().call((api) => api.deleteWeights(key));
      await refresh();
      return outcome.ok ? undefined : outcome.failure;
    },
  };
}

/** Requests for weights, one dialog at a time. */
function createRequests(store: StudioStore) {
  const state = () => store.getState();
  let decide: ((decision: WeightsDecision) => void) | undefined;
  /** Requests that are not decided yet. */
  let open = 0;
  /** Settles when the newest request is decided. */
  let last: Promise<unknown> = Promise.resolve();

  const isStored = ({ files }: WeightsNeeded): boolean => {
    const keys = state().weights.stored.flatMap(({ key, complete }) => (complete ? [key] : []));
    return files.some((file) => keys.includes(hubFileKey(file)));
  };
  const ask = (needed: readonly WeightsNeeded[], purpose: string): Promise<WeightsDecision> => {
    state().askWeights(needed, purpose);
    return new Promise((resolve) => (decide = resolve));
  };

  return {
    ensure: (needed: readonly WeightsNeeded[], purpose: string): Promise<WeightsDecision> => {
      if (needed.length === 0) return Promise.resolve("ready");
      const busy = open > 0;
      open += 1;
      if (busy) state().showWeights(true); // the dialog shows what the new request waits for
      const next = last.then(async (): Promise<WeightsDecision> => {
        const left = busy ? needed.filter((one) => !isStored(one)) : needed;
        const decision = left.length === 0 ? "ready" : await ask(left, purpose);
        open -= 1;
        return decision;
      });
      last = next;
      return next;
    },
    /** Closes the dialog; the request under way is decided. */
    close: (decision: WeightsDecision) => {
      state().endWeights();
      decide?.(decision);
      decide = undefined;
    },
  };
}

/** Brings the weights of the open dialog into storage. */
function createTaking(
  store: StudioStore,
  features: Features,
  hooks: { readonly refresh: () => Promise<void>; readonly done: () => void },
) {
  const state = () => store.getState();

  /** One file, from the hub or from the user, into storage. */
  const take = (item: WeightsItem, picked?: File): Promise<Outcome<WeightsSummary>> => {
    const float16 = state().weights.ask?.float16 ?? false;
    const file = chosenFile(item);
    return whileCalled(state().applyWeightsEvent, (onEvent) =>
      features().call((api) =>
        picked
          ? api.importWeights(file, picked, { float16 }, onEvent)
          : api.downloadWeights(file, { float16 }, onEvent),
      ),
    );
  };

  /** Takes what is missing, one file after the other, until one fails or the dialog is closed. */
  return async (picked?: { readonly item: number; readonly file: File }): Promise<void> => {
    const { ask } = state().weights;
    if (!ask || ask.stage === "fetching") return;
    state().beginWeights();
    for (const [index, item] of ask.items.entries()) {
      if (item.status === "here" || (picked ? picked.item !== index : isByHand(item))) continue;
      const outcome = await take(item, picked?.file);
      if (!outcome.ok) await hooks.refresh(); // a part of the file may be stored
      // the dialog may have been closed meanwhile, and another one opened
      if (state().weights.ask?.items[index]?.needed !== item.needed) return;
      if (!outcome.ok) {
        if (outcome.failure.code === "CANCELLED") state().interruptWeights();
        else state().failWeights(outcome.failure);
        return;
      }
      state().weightsHere(index, outcome.value);
    }
    await hooks.refresh();
    const left = state().weights.ask?.items.some(({ status }) => status !== "here");
    if (left) state().interruptWeights();
    else hooks.done();
  };
}
