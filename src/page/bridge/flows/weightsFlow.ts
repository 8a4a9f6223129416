import { proxy } from "comlink";
import { hubFileKey } from "../../../common/catalogue/hubFile";
import type { Failure } from "../../../common/errors/studioError";
import type { Outcome } from "../../../common/protocol/shared";
import type { WeightsNeeded, WeightsSummary } from "../../../common/protocol/weights";
import type { StudioStore } from "../../store/studioStore";
import { chosenFile, isByHand, type WeightsItem } from "../../store/weightsSlice";
import type { FeaturesApi } from "../../../common/protocol/features";
import type { WorkerClient } from "../workers/workerClient";

export type WeightsAnswer = "ready" | "declined";

export interface WeightsFlow {
  /**
   * Puts the dialog up and waits. Nothing is fetched before it is confirmed; a failure asks again. One question at a
   * time: a second one waits for the first and is then asked for what is still missing.
   * @param purpose what goes on once the weights are here, as an infinitive: "train"
   */
  readonly ensureWeights: (
    needed: readonly WeightsNeeded[],
    purpose: string,
  ) => Promise<WeightsAnswer>;
  readonly confirm: () => void;
  readonly decline: () => void;
  readonly interrupt: () => void;
  readonly importFile: (item: number, picked: File) => void;
  /** Reads which weights are stored into the store. */
  readonly refresh: () => Promise<void>;
  readonly remove: (key: string) => Promise<Failure | undefined>;
}

export function createWeightsFlow(
  store: StudioStore,
  features: () => Pick<WorkerClient<FeaturesApi>, "call" | "tell">,
): WeightsFlow {
  let answer: ((answer: WeightsAnswer) => void) | undefined;
  /** Questions not yet answered; the newest is the end of the line. */
  let open = 0;
  let line: Promise<unknown> = Promise.resolve();

  const state = () => store.getState();
  const close = (given: WeightsAnswer) => {
    state().endWeights();
    answer?.(given);
    answer = undefined;
  };
  const onEvent = proxy(state().applyWeightsEvent);

  async function refresh(): Promise<void> {
    const stored = await features().call((api) => api.storedWeights());
    if (stored.ok) state().setStoredWeights(stored.value);
  }

  /** One file, from the hub or from the user, into storage. */
  const take = (item: WeightsItem, picked?: File): Promise<Outcome<WeightsSummary>> => {
    const float16 = state().weights.ask?.float16 ?? false;
    const file = chosenFile(item);
    return features().call((api) =>
      picked
        ? api.importWeights(file, picked, { float16 }, onEvent)
        : api.downloadWeights(file, { float16 }, onEvent),
    );
  };

  /** Takes what is missing, one after the other, until something fails or the question is taken back. */
  async function takeAll(picked?: { readonly item: number; readonly file: File }): Promise<void> {
    const { ask } = state().weights;
    if (!ask || ask.stage === "fetching") return;
    state().beginWeights();
    for (const [index, item] of ask.items.entries()) {
      if (item.status === "here" || (picked ? picked.item !== index : isByHand(item))) continue;
      const outcome = await take(item, picked?.file);
      if (!outcome.ok) await refresh(); // what is kept of it
      // declined meanwhile, and perhaps asked for something else
      if (state().weights.ask?.items[index]?.needed !== item.needed) return;
      if (!outcome.ok) {
        if (outcome.failure.code === "CANCELLED") state().interruptWeights();
        else state().failWeights(outcome.failure);
        return;
      }
      state().weightsHere(index, outcome.value);
    }
    await refresh();
    const left = state().weights.ask?.items.some(({ status }) => status !== "here");
    if (left) state().interruptWeights();
    else close("ready");
  }

  const isStored = ({ files }: WeightsNeeded): boolean => {
    const keys = state().weights.stored.flatMap(({ key, complete }) => (complete ? [key] : []));
    return files.some((file) => keys.includes(hubFileKey(file)));
  };

  const ask = (needed: readonly WeightsNeeded[], purpose: string): Promise<WeightsAnswer> => {
    state().askWeights(needed, purpose);
    return new Promise((resolve) => (answer = resolve));
  };

  const stopFetching = () => {
    if (state().weights.ask?.stage === "fetching") {
      void features().tell((api) => api.cancelDownload());
    }
  };

  return {
    ensureWeights: (needed, purpose) => {
      if (needed.length === 0) return Promise.resolve("ready");
      const busy = open > 0;
      open += 1;
      if (busy) state().showWeights(true); // why the new request waits
      const next = line.then(async (): Promise<WeightsAnswer> => {
        const left = busy ? needed.filter((one) => !isStored(one)) : needed;
        const given = left.length === 0 ? "ready" : await ask(left, purpose);
        open -= 1;
        return given;
      });
      line = next;
      return next;
    },
    confirm: () => void takeAll(),
    decline: () => {
      if (!state().weights.ask) return;
      stopFetching();
      close("declined");
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
