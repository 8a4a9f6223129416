export function runStage(
  command: string,
  args: readonly string[],
  options: {
    cwd: string;
    env: Record<string, string | undefined>;
    timeoutMs: number;
    stdio?: "inherit" | "ignore";
  },
): Promise<{ ok: boolean; seconds: number; problem?: string }>;
