import type { SuiteOptions, SuiteResult } from "./suite";
export const runInChromium = (
  options: SuiteOptions,
  adapter: string,
): Promise<{ result: SuiteResult; engine: string }> => Promise.reject(new Error(`No page for ${options.workload} on ${adapter} yet.`));
