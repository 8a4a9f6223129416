import type { SetPart } from "./setPart";

export type DeletionKind = "run" | "cache" | "weights" | "dataset" | "unreadable";

/** Something the user deleted; until the notice of it is gone it can be brought back. */
export interface Deletion {
  readonly kind: DeletionKind;
  /** Of the kind's own: a run's id, a cache's key. */
  readonly key: string;
}

export interface DeletionsSlice {
  readonly deletions: readonly Deletion[];
  readonly addDeletion: (deletion: Deletion) => void;
  readonly dropDeletion: (deletion: Deletion) => void;
}

export const isSameDeletion = (a: Deletion, b: Deletion): boolean =>
  a.kind === b.kind && a.key === b.key;

export const createDeletionsSlice = (
  set: SetPart<Pick<DeletionsSlice, "deletions">>,
): DeletionsSlice => {
  const without = (all: readonly Deletion[], one: Deletion) =>
    all.filter((other) => !isSameDeletion(other, one));
  return {
    deletions: [],
    addDeletion: (one) =>
      set(({ deletions }) => ({ deletions: [...without(deletions, one), one] })),
    dropDeletion: (one) => set(({ deletions }) => ({ deletions: without(deletions, one) })),
  };
};
