/** What a browser tells of an adapter, as far as it matters here. */
export interface AdapterFacts {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Absent in browsers older than this part of the API. */
  readonly isFallbackAdapter?: boolean;
}

/** Names of adapters that compute on the CPU: SwiftShader, Mesa's llvmpipe and lavapipe, Windows' WARP. */
const SOFTWARE_NAMES = /swiftshader|llvmpipe|lavapipe|\bwarp\b|software|basic render/i;

/**
 * Whether an adapter computes on the CPU: correct, but slower than the wasm backend. Where the browser does not say it
 * (`isFallbackAdapter`), there is nothing but the adapter's name to tell.
 */
export const isSoftwareAdapter = (facts: AdapterFacts): boolean => {
  const { vendor, architecture, device, description, isFallbackAdapter } = facts;
  const name = [vendor, architecture, device, description].join(" ");
  return isFallbackAdapter ?? SOFTWARE_NAMES.test(name);
};
