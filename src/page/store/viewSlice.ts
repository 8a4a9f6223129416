import type { SetPart } from "./setPart";

/** Which screen is shown; its address is `#/data`, `#/analyse` or none. */
export type View = "train" | "data" | "analyse";

/** What lies over the page on demand; share links and weights that are asked for have their own slices. */
export type Overlay = "none" | "storage" | "shortcuts";

/** How the run is looked at. The scrubber's cursor moves every chart and grid together. */
export interface ViewSlice {
  readonly view: View;
  /** Step everything on screen is shown at; null follows the newest. */
  readonly cursorStep: number | null;
  /** Step under the pointer in any chart; null when none is. */
  readonly hoverStep: number | null;
  /** Weight of the exponential moving average drawn over the raw losses, in [0, 1). */
  readonly smoothing: number;
  /** Names of the charts with a logarithmic axis. */
  readonly logCharts: readonly string[];
  /** Whether the paper's values stand beside the own ones. */
  readonly paperShown: boolean;
  readonly overlay: Overlay;
  readonly setView: (view: View) => void;
  readonly setCursor: (step: number | null) => void;
  readonly setHover: (step: number | null) => void;
  readonly setSmoothing: (weight: number) => void;
  readonly toggleLog: (chart: string) => void;
  readonly showPaper: (shown: boolean) => void;
  readonly showOverlay: (overlay: Overlay) => void;
}

export const createViewSlice = (
  set: SetPart<
    Pick<
      ViewSlice,
      "view" | "cursorStep" | "hoverStep" | "smoothing" | "logCharts" | "paperShown" | "overlay"
    >
  >,
): ViewSlice => ({
  view: "train",
  cursorStep: null,
  hoverStep: null,
  smoothing: 0.9,
  logCharts: [],
  paperShown: false,
  overlay: "none",
  setView: (view) => set({ view }),
  setCursor: (cursorStep) => set({ cursorStep }),
  setHover: (hoverStep) => set({ hoverStep }),
  setSmoothing: (smoothing) => set({ smoothing }),
  showPaper: (paperShown) => set({ paperShown }),
  showOverlay: (overlay) => set({ overlay }),
  toggleLog: (chart) =>
    set(({ logCharts }) => ({
      logCharts: logCharts.includes(chart)
        ? logCharts.filter((other) => other !== chart)
        : [...logCharts, chart],
    })),
});
