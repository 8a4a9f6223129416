import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import manifest from "./package.json" with { type: "json" };
import { sitePlugin } from "./scripts/sitePlugin.ts";
import { ISOLATION, PAGE_POLICY, SITE_HEADERS } from "./scripts/siteHeaders.ts";

/** Only in the build: the development server's hot reload needs an inline script. */
const contentSecurityPolicy = (): Plugin => ({
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: PAGE_POLICY },
      injectTo: "head-prepend",
    },
  ],
});

/**
 * tfjs starts its wasm threads from the text of this file's inner function, where `_scriptDir` of the outer
 * one does not exist. The `typeof` guard against that does not survive minification; in a module worker
 * the variable is always undefined.
 */
const wasmThreadSource = (): Plugin => ({
  name: "wasm-thread-source",
  transform: {
    filter: { id: /tfjs-backend-wasm-threaded-simd\.js/ },
    handler: (code) =>
      code
        .replace('if(typeof _scriptDir !== "undefined" && _scriptDir){', "if(false){")
        .replace('Module["mainScriptUrlOrBlob"]||_scriptDir', 'Module["mainScriptUrlOrBlob"]'),
  },
});

export default defineConfig({
  base: "./",
  publicDir: "public",
  define: { __CODE_VERSION__: JSON.stringify(manifest.version) },
  plugins: [react(), contentSecurityPolicy(), sitePlugin(SITE_HEADERS)],
  worker: { format: "es", plugins: () => [wasmThreadSource()] },
  build: { target: "es2023", chunkSizeWarningLimit: 1200, manifest: true },
  server: { headers: ISOLATION, fs: { allow: ["."] } },
  preview: { headers: SITE_HEADERS },
  // Workers are found late: without this the development server reloads the page on their first import.
  optimizeDeps: {
    include: [
      "@tensorflow/tfjs-core",
      "@tensorflow/tfjs-core/dist/register_all_gradients",
      "@tensorflow/tfjs-backend-cpu",
      "@tensorflow/tfjs-backend-wasm",
      "@tensorflow/tfjs-backend-webgpu",
      "comlink",
      "idb",
    ],
  },
});
