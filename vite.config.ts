import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";
import manifest from "./package.json" with { type: "json" };
import { HUB_SOURCES } from "./src/sources/hub/hosts.ts";

/** Cross-origin isolation: shared memory, so that the slow mode's wasm may use threads. */
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

/** Whom the page and its workers may talk to: themselves and the model hub. */
const CONNECT = `connect-src 'self' blob: data: ${HUB_SOURCES.join(" ")}`;

/**
 * What the built page may load. Styles are inline because Mantine sets CSS variables so;
 * blob: workers are the threads of tfjs' wasm backend, blob: images the sample grids.
 */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  CONNECT,
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** Only in the build: the development server's hot reload needs an inline script. */
const contentSecurityPolicy = (): Plugin => ({
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: POLICY },
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
  plugins: [react(), contentSecurityPolicy()],
  worker: { format: "es", plugins: () => [wasmThreadSource()] },
  build: { target: "es2023", chunkSizeWarningLimit: 1200, manifest: true },
  server: { headers: ISOLATION, fs: { allow: ["."] } },
  // as a header too: a worker obeys the policy its own script came with, not that in the page's head. This part alone,
  // because the threads of tfjs' wasm backend load their script from a blob.
  preview: { headers: { ...ISOLATION, "Content-Security-Policy": CONNECT } },
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
