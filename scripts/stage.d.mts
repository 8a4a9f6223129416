export function runStage(
  command: string,
  args: readonly string[],
  options: {
    cwd: string;
    env: Record<string, string | undefined>;
    timeoutMs: number;
    stdio?: "inherit" | "ignore" | "pipe";
  },
): Promise<{ ok: boolean; seconds: number; output: string; problem?: string }>;
