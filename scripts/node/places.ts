import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { checkoutDawn } from "./dawn";

/** Where everything lies that a session reads from outside its database. Absolute paths. */
export interface NodePlaces {
  /** Folder with tfjs' wasm binaries. */
  readonly wasm: string;
  /** Folder with the parts of tfjs' threaded wasm binary: the binary, its loader and the threads' script. */
  readonly wasmThreads: string;
  /** The package `webgpu`'s index.js, or Dawn's binary (dawn.node) itself. Loaded only when WebGPU may be used. */
  readonly dawn: string;
  /** Vulkan driver: one of ADAPTERS in adapters.ts. */
  readonly adapter: string;
  /** Folder with the built-in images: public/emoji. */
  readonly emoji: string;
  /** Folder with the built-in networks: public/models. */
  readonly models: string;
  /** Threads that compute on wasm; absent: as many as there are cores. */
  readonly threads?: number;
  /** Recorded with every run. */
  readonly codeVersion: string;
}

/** The places of a checkout with its packages installed. @param root the folder of package.json */
export function checkoutPlaces(root: string, adapter: string): NodePlaces {
  const require = createRequire(join(root, "package.json"));
  const wasm = dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
  const { version } = require("./package.json") as { version: string };
  return {
    wasm: join(wasm, "dist"),
    wasmThreads: join(wasm, "wasm-out"),
    dawn: checkoutDawn(root),
    adapter,
    emoji: join(root, "public", "emoji"),
    models: join(root, "public", "models"),
    codeVersion: version,
  };
}
