import { hubFileKey, type HubFile } from "../../common/catalogue/hubFile";
import type { Failure } from "../../common/errors/studioError";
import type { WeightsEvent, WeightsNeeded, WeightsSummary } from "../../common/protocol/weights";
import type { PreviewState } from "./previewSlice";
import type { SetPart } from "./setPart";

/** One network whose weights are asked for, and how far its download is. */
export interface WeightsItem {
  readonly needed: WeightsNeeded;
  /** Which of `needed.files` will be fetched. */
  readonly choice: number;
  readonly status: "missing" | "fetching" | "checking" | "here";
  readonly doneBytes: number;
  readonly allBytes: number;
  readonly bytesPerSecond: number;
  /** What went wrong on the way and was mended. */
  readonly warning: Failure | null;
}

/** Something the user asked for waits for weights. Nothing is fetched before it is confirmed. */
export interface WeightsAsk {
  /** What goes on once they are here: "train", "switch the encoder". */
  readonly purpose: string;
  readonly items: readonly WeightsItem[];
  readonly float16: boolean;
  readonly stage: "asking" | "fetching" | "failed";
  readonly failure: Failure | null;
  /** The download goes on behind the page; the status line says how far it is. */
  readonly hidden: boolean;
}

export interface WeightsState {
  readonly ask: WeightsAsk | null;
  readonly stored: readonly WeightsSummary[];
  /** Stored as float16 a moment ago: their rounding error is shown once. */
  readonly rounded: readonly WeightsSummary[];
}

export interface WeightsSlice {
  readonly weights: WeightsState;
  readonly askWeights: (needed: readonly WeightsNeeded[], purpose: string) => void;
  readonly chooseWeightsFile: (item: number, choice: number) => void;
  readonly setFloat16: (float16: boolean) => void;
  readonly showWeights: (shown: boolean) => void;
  readonly beginWeights: () => void;
  readonly applyWeightsEvent: (event: WeightsEvent) => void;
  readonly weightsHere: (item: number, summary: WeightsSummary) => void;
  /** The question again with what went wrong; what is here, by `stored`, is counted. */
  readonly failWeights: (failure: Failure) => void;
  /** Back to the question, with what is here already, by `stored`, counted. */
  readonly interruptWeights: () => void;
  readonly endWeights: () => void;
  readonly setStoredWeights: (stored: readonly WeightsSummary[]) => void;
  readonly dismissRounded: () => void;
}

/** The file of an item that will be fetched. @throws RangeError when an item has no file */
export function chosenFile({ needed, choice }: Pick<WeightsItem, "needed" | "choice">): HubFile {
  const file = needed.files[choice] ?? needed.files[0];
  if (!file) throw new RangeError(`No file holds the weights of ${needed.label}.`);
  return file;
}

/** Nothing can be downloaded for it: the user makes the file. */
export const isByHand = (item: Pick<WeightsItem, "needed" | "choice">): boolean =>
  chosenFile(item).byHand !== undefined;

/** Items that a download would bring. */
export const downloadable = ({ items }: WeightsAsk): readonly WeightsItem[] =>
  items.filter((item) => item.status !== "here" && !isByHand(item));

/** Bytes of an item that are not here yet. Only the preferred file may be here in part. */
export function missingWeightBytes(item: WeightsItem): number {
  if (item.status === "here") return 0;
  if (item.allBytes > 0) return Math.max(0, item.allBytes - item.doneBytes);
  const kept = item.choice === 0 ? item.needed.keptBytes : 0;
  return Math.max(0, chosenFile(item).bytes - kept);
}

export const missingWeightsBytes = (ask: WeightsAsk): number =>
  ask.items.reduce((sum, item) => sum + missingWeightBytes(item), 0);

/** How long the rest takes at the present speed, in s; null while nothing arrives. */
export function weightsSecondsLeft(ask: WeightsAsk): number | null {
  const speed = ask.items.find(({ status }) => status === "fetching")?.bytesPerSecond ?? 0;
  return speed > 0 ? missingWeightsBytes(ask) / speed : null;
}

const newItem = (needed: WeightsNeeded): WeightsItem => ({
  needed,
  choice: 0,
  status: "missing",
  doneBytes: 0,
  allBytes: 0,
  bytesPerSecond: 0,
  warning: null,
});

const mapItem = (
  ask: WeightsAsk,
  change: (item: WeightsItem, index: number) => WeightsItem,
): WeightsAsk => ({ ...ask, items: ask.items.map(change) });

/** Events name the file; one that belongs to no item is of a download that is over. */
export function reduceWeights(ask: WeightsAsk, event: WeightsEvent): WeightsAsk {
  return mapItem(ask, (item) => {
    if (hubFileKey(chosenFile(item)) !== event.key || item.status === "here") return item;
    switch (event.type) {
      case "progress": {
        const { doneBytes, allBytes, bytesPerSecond } = event;
        return { ...item, status: "fetching", doneBytes, allBytes, bytesPerSecond };
      }
      case "checking":
        return { ...item, status: "checking", bytesPerSecond: 0 };
      case "warning":
        return { ...item, warning: event.failure, bytesPerSecond: 0 };
    }
  });
}

/** Waiting again: of what an item had fetched counts what is kept of it, nothing after a wrong checksum. */
function interrupted(item: WeightsItem, stored: readonly WeightsSummary[]): WeightsItem {
  if (item.status === "here") return item;
  const key = hubFileKey(chosenFile(item));
  const doneBytes = stored.find((weights) => weights.key === key)?.bytes ?? 0;
  const allBytes = item.allBytes > 0 ? item.allBytes : chosenFile(item).bytes;
  return { ...item, status: "missing", doneBytes, allBytes, bytesPerSecond: 0, warning: null };
}

export const initialWeights: WeightsState = { ask: null, stored: [], rounded: [] };

type Part = { readonly weights: WeightsState; readonly preview: PreviewState };

export const createWeightsSlice = (set: SetPart<Part>): WeightsSlice => {
  const patch = (part: Partial<WeightsState>) =>
    set(({ weights }) => ({ weights: { ...weights, ...part } }));
  const patchAsk = (change: (ask: WeightsAsk, stored: readonly WeightsSummary[]) => WeightsAsk) =>
    set(({ weights }) => ({
      weights: { ...weights, ask: weights.ask && change(weights.ask, weights.stored) },
    }));
  return {
    weights: initialWeights,
    askWeights: (needed, purpose) =>
      patch({
        ask: {
          purpose,
          items: needed.map(newItem),
          float16: false,
          stage: "asking",
          failure: null,
          hidden: false,
        },
      }),
    chooseWeightsFile: (chosen, choice) =>
      patchAsk((ask) =>
        mapItem(ask, (item, index) =>
          index === chosen ? { ...newItem(item.needed), choice } : item,
        ),
      ),
    setFloat16: (float16) => patchAsk((ask) => ({ ...ask, float16 })),
    showWeights: (shown) => patchAsk((ask) => ({ ...ask, hidden: !shown })),
    beginWeights: () => patchAsk((ask) => ({ ...ask, stage: "fetching", failure: null })),
    applyWeightsEvent: (event) => patchAsk((ask) => reduceWeights(ask, event)),
    weightsHere: (here, summary) =>
      set(({ weights }) => ({
        weights: {
          ...weights,
          rounded: summary.rounding ? [...weights.rounded, summary] : weights.rounded,
          ask:
            weights.ask &&
            mapItem(weights.ask, (item, index) =>
              index === here ? { ...item, status: "here", warning: null } : item,
            ),
        },
      })),
    failWeights: (failure) =>
      patchAsk((ask, stored) => ({
        ...mapItem(ask, (item) => interrupted(item, stored)),
        stage: "failed",
        failure,
        hidden: false,
      })),
    interruptWeights: () =>
      patchAsk((ask, stored) => ({
        ...mapItem(ask, (item) => interrupted(item, stored)),
        stage: "asking",
        hidden: false,
      })),
    endWeights: () => patch({ ask: null }),
    // what encoders of the Data view lack is asked anew
    setStoredWeights: (stored) =>
      set(({ weights, preview }) => ({
        weights: { ...weights, stored },
        preview: { ...preview, needs: {} },
      })),
    dismissRounded: () => patch({ rounded: [] }),
  };
};
