/** The part of a store's `set` a slice may use: it sees, and writes, only the part `S` of the state. */
export type SetPart<S> = (update: Partial<S> | ((state: S) => Partial<S>)) => void;
