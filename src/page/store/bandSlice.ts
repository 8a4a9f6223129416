import type { LayerMetricId } from "../../common/catalogue/liveMetrics";
import type { BandCurve, BandRange, ReferenceBand } from "../../common/config/referenceBand";
import type { SetPart } from "./setPart";

/** The range of reference runs, drawn behind the curves of a run of the same preset. */
export interface BandSlice {
  /** Of the preset the shown run repeats; null when it repeats none that was measured. */
  readonly band: ReferenceBand | null;
  readonly showBand: boolean;
  readonly setBand: (band: ReferenceBand | null) => void;
  readonly toggleBand: () => void;
}

export const createBandSlice = (set: SetPart<Pick<BandSlice, "band" | "showBand">>): BandSlice => ({
  band: null,
  showBand: true,
  setBand: (band) => set({ band }),
  toggleBand: () => set(({ showBand }) => ({ showBand: !showBand })),
});

const NONE: readonly BandRange[] = [];

/** The range drawn behind a curve; empty when there is no band or it is switched off. */
export const selectBandOf =
  (curve: BandCurve) =>
  ({ band, showBand }: Pick<BandSlice, "band" | "showBand">): readonly BandRange[] =>
    band && showBand ? band[curve] : NONE;

/** The range of one block's curve (1 first) against `encoder`. */
export const selectBandOfBlock =
  (curve: LayerMetricId, encoder: string | undefined, block: number) =>
  ({ band, showBand }: Pick<BandSlice, "band" | "showBand">): readonly BandRange[] =>
    band && showBand && band.encoder === encoder ? (band[curve][block - 1] ?? NONE) : NONE;
