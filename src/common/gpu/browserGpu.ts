/** The WebGPU entry point of this page or worker; undefined in a browser without it, which its type does not say. */
export const browserGpu = (): GPU | undefined => ("gpu" in navigator ? navigator.gpu : undefined);
