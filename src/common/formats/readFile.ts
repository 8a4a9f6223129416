/** Reads one file of a folder by its name: from a server in workers, from disk in scripts and tests. */
export type ReadFile = (name: string) => Promise<Uint8Array>;
