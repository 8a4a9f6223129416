export function buildIsCurrent(): boolean;
export function ensureBuilt(): Promise<void>;
export function serveBuilt(options?: {
  port?: number;
  strictPort?: boolean;
}): Promise<{ url: string; close: () => Promise<void> }>;
