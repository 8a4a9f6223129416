import type { LaunchOptions } from "playwright";
export function systemChromium(): string | undefined;
export function wantsRealGpu(): boolean;
export function chromiumLaunch(options?: {
  webgpu?: boolean;
  real?: boolean;
  inWindow?: boolean;
}): LaunchOptions;
