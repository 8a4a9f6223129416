import type { SiteFacts } from "../../common/protocol/site";
import type { SetPart } from "./setPart";

/** How the site itself is here: its version, whether it opens without a network, and a newer version that waits. */
export interface SiteState {
  /** Null until it is known. */
  readonly facts: SiteFacts | null;
  /** Every file is stored; null until it is known. */
  readonly kept: boolean | null;
  readonly keeping:
    | { readonly status: "none" }
    | { readonly status: "running"; readonly doneBytes: number }
    | { readonly status: "failed"; readonly message: string };
  /**
   * `waiting`: a newer version is here and not in use. `taking`: it was asked for. `elsewhere`: another tab took it, and
   * this page is still of the older one.
   */
  readonly update: "none" | "waiting" | "taking" | "elsewhere";
  /** Why the newer version was not taken. */
  readonly refusal: string | null;
  /** Why the page is not cross-origin isolated, where it is not: wasm then has one thread. Null where it is. */
  readonly notIsolated: string | null;
}

export interface SiteSlice {
  readonly site: SiteState;
  readonly setSite: (part: Partial<SiteState>) => void;
}

export const createSiteSlice = (set: SetPart<Pick<SiteSlice, "site">>): SiteSlice => ({
  site: {
    facts: null,
    kept: null,
    keeping: { status: "none" },
    update: "none",
    refusal: null,
    notIsolated: null,
  },
  setSite: (part) => set(({ site }) => ({ site: { ...site, ...part } })),
});
