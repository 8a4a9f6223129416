import { createContext, useContext } from "react";
import { useStore } from "zustand";
import type { StudioState, StudioStore } from "../store/studioStore";

export const StoreContext = createContext<StudioStore | null>(null);

/** The store itself, for event handlers that read the state without drawing it. */
export function useStudioStore(): StudioStore {
  const store = useContext(StoreContext);
  if (!store) throw new Error("useStudio needs a StoreContext above it.");
  return store;
}

/** Draws again only when what `select` returns changed (by identity). */
export function useStudio<T>(select: (state: StudioState) => T): T {
  return useStore(useStudioStore(), select);
}
