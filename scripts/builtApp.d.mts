export function buildIsCurrent(): boolean;
export function ensureBuilt(): Promise<void>;
export function serveBuilt(options?: {
  port?: number;
  strictPort?: boolean;
  host?: boolean;
  https?: { key: string; cert: string };
  outDir?: string;
}): Promise<{ url: string; networkUrls: string[]; close: () => Promise<void> }>;
