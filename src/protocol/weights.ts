import type { Licence } from "../catalogue/hubFile";
import type { Failure } from "../errors/studioError";

/** How the values of stored weights differ from the file's. */
export type WeightsPrecision =
  | { readonly kind: "stored" }
  | {
      /** Float32 values were rounded to float16; everything else is as it was. */
      readonly kind: "float16";
      /** Root of the summed squared differences over that of the summed squares, of all values rounded. */
      readonly relativeRms: number;
      readonly largestError: number;
    };

/** What a download of weights says while it goes on. */
export type WeightsEvent =
  | {
      readonly type: "progress";
      /** `hubFileKey` of the file. */
      readonly key: string;
      readonly doneBytes: number;
      /** What is fetched in all: the file, or the part of it that is needed. */
      readonly allBytes: number;
      readonly bytesPerSecond: number;
    }
  /** The file is there; `verified` when its checksum could be compared and is the hub's. */
  | { readonly type: "verified"; readonly key: string; readonly verified: boolean }
  /** Something was wrong and is mended: a damaged chunk, a file that changed on the hub. */
  | { readonly type: "warning"; readonly key: string; readonly failure: Failure };

/** Stored weights, for the storage meter. */
export interface WeightsSummary {
  readonly key: string;
  /** "owner/name/file". */
  readonly label: string;
  /** What is kept here now. */
  readonly bytes: number;
  readonly precision: WeightsPrecision;
  readonly verified: boolean;
  /** False while a download is not finished. */
  readonly complete: boolean;
  readonly licence: Licence;
}
