import type { SetPart } from "./setPart";

/** Which screen is shown; its address is `#/compare`, `#/data`, `#/analyse` or none. */
export type View = "train" | "compare" | "data" | "analyse";

/** Views whose figures and grids follow the scrubber's step. */
export const followsCursor = (view: View): boolean => view === "train" || view === "compare";

/** What lies over the page on demand; share links and weights that are asked for have their own slices. */
export type Overlay = "none" | "storage" | "shortcuts" | "tour";

/** What charts have across: training steps, images seen, seconds of training, or steps since a fork. */
export type XMode = "step" | "images" | "time" | "fork";

/** A part of the axis across, in its own units. */
export type XRange = readonly [from: number, to: number];

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
  readonly xMode: XMode;
  readonly xLog: boolean;
  /** The part of the axis all charts over steps show; null shows all of it. */
  readonly zoom: XRange | null;
  /** A run that is compared however many newer ones are drawn. */
  readonly lookedAt: string | null;
  readonly setXMode: (mode: XMode) => void;
  readonly toggleXLog: () => void;
  readonly setZoom: (zoom: XRange | null) => void;
  readonly setView: (view: View) => void;
  readonly setCursor: (step: number | null) => void;
  readonly setHover: (step: number | null) => void;
  readonly setSmoothing: (weight: number) => void;
  readonly toggleLog: (chart: string) => void;
  readonly showPaper: (shown: boolean) => void;
  readonly showOverlay: (overlay: Overlay) => void;
  readonly lookAt: (runId: string) => void;
}

export const createViewSlice = (
  set: SetPart<
    Pick<
      ViewSlice,
      | "view"
      | "cursorStep"
      | "hoverStep"
      | "smoothing"
      | "logCharts"
      | "paperShown"
      | "overlay"
      | "xMode"
      | "xLog"
      | "zoom"
      | "lookedAt"
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
  xMode: "step",
  xLog: false,
  zoom: null,
  lookedAt: null,
  setXMode: (xMode) => set({ xMode, zoom: null }), // its units are other ones
  toggleXLog: () => set(({ xLog }) => ({ xLog: !xLog })),
  setZoom: (zoom) => set({ zoom }),
  setView: (view) => set({ view }),
  setCursor: (cursorStep) => set({ cursorStep }),
  setHover: (hoverStep) => set({ hoverStep }),
  setSmoothing: (smoothing) => set({ smoothing }),
  showPaper: (paperShown) => set({ paperShown }),
  showOverlay: (overlay) => set({ overlay }),
  lookAt: (lookedAt) => set({ lookedAt }),
  toggleLog: (chart) =>
    set(({ logCharts }) => ({
      logCharts: logCharts.includes(chart)
        ? logCharts.filter((other) => other !== chart)
        : [...logCharts, chart],
    })),
});
