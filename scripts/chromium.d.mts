import type { LaunchOptions } from "playwright";
export const COMMON_ARGS: readonly string[];
export function realGpuArgs(inWindow: boolean): readonly string[];
export const SOFTWARE_GPU_ARGS: readonly string[];
export function systemChromium(): string | undefined;
export function wantsRealGpu(): boolean;
export function chromiumLaunch(options?: { webgpu?: boolean }): LaunchOptions;
