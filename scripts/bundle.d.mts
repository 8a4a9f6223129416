export function bundleScript(
  entry: string,
  outfile: string,
  options?: { minify?: boolean; external?: readonly string[] },
): Promise<void>;
