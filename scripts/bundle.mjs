import { build } from "esbuild";

/**
 * Bundles a TypeScript script of this project into one ES module that Node runs: tfjs' modules do not resolve in
 * Node as they are.
 * @param {string} entry
 * @param {string} outfile
 * @param {{ minify?: boolean, external?: readonly string[] }} [options] external: packages left to be imported at run time
 */
export async function bundleScript(entry, outfile, { minify = false, external = [] } = {}) {
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    minify,
    keepNames: minify, // tfjs and Comlink look at the names of classes
    sourcemap: minify ? false : "inline",
    legalComments: minify ? "linked" : "eof",
    logLevel: "warning",
    mainFields: ["module", "main"],
    external: [...external],
    // bundled CommonJS parts ask for require and __dirname, which ES modules lack
    banner: {
      js: 'import { createRequire as requireOf } from "node:module"; import { dirname as dirnameOf } from "node:path"; import { fileURLToPath as pathOf } from "node:url"; const require = requireOf(import.meta.url); const __filename = pathOf(import.meta.url); const __dirname = dirnameOf(__filename);',
    },
  });
}
