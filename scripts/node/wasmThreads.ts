import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { BackendWasm } from "@tensorflow/tfjs-backend-wasm";
import type { BackendWasmThreadedSimdModule } from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd";
import * as tf from "@tensorflow/tfjs-core";
import { wasmThreadCount } from "../../src/common/gpu/wasmThreadCount";
import type { StartThread } from "../../src/engine/kernels/wasmPool";
import type { WasmThreads } from "../../workers/runtime";

const BASE = "tfjs-backend-wasm-threaded-simd";

/** What Emscripten's module has in Node beyond its declaration (tfjs 4.22). */
interface ThreadedModule extends BackendWasmThreadedSimdModule {
  readonly cwrap: (name: string, result: string | null, types: readonly string[]) => unknown;
  readonly PThread: BackendWasmThreadedSimdModule["PThread"] & {
    unusedWorkers: Worker[];
  };
}

interface Settings {
  readonly locateFile: (path: string) => string | URL;
  /** The threads read the loader from it. */
  readonly mainScriptUrlOrBlob: string;
  readonly instantiateWasm: (
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ) => object;
}

/** A thread's script, whose text the package holds as a string. Emscripten's code in it expects a CommonJS file. */
const threadScript = (loader: string, folder: string): URL =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`
import { createRequire } from "node:module";
const require = createRequire(${JSON.stringify(loader)});
Object.assign(globalThis, {
  require,
  __filename: ${JSON.stringify(loader)},
  __dirname: ${JSON.stringify(folder)},
});
const { wasmWorkerContents } = require(${JSON.stringify(join(folder, `${BASE}.worker.js`))});
(0, eval)(wasmWorkerContents.replaceAll("\\n", "\\\\n"));`)}`,
  );

/** Loads the threaded binary, whose memory is shared. tfjs itself refuses to in Node (tensorflow/tfjs issue 3830). */
async function loadThreaded(folder: string): Promise<ThreadedModule> {
  const loader = join(folder, `${BASE}.js`);
  const binary = await readFile(join(folder, `${BASE}.wasm`));
  const load = createRequire(loader)(loader) as (settings: Settings) => Promise<ThreadedModule>;
  const module = await new Promise<ThreadedModule>((resolve, reject) => {
    load({
      locateFile: (path) =>
        path.endsWith(".worker.js") ? threadScript(loader, folder) : join(folder, path),
      mainScriptUrlOrBlob: loader,
      instantiateWasm: (imports, receive) => {
        WebAssembly.instantiate(binary, imports).then(
          ({ instance, module }) => receive(instance, module),
          reject,
        );
        return {};
      },
    }).then(resolve, reject);
  });
  const call = (name: string, result: "number" | null, count: number) =>
    module.cwrap(
      name,
      result,
      Array.from({ length: count }, () => "number"),
    );
  module.tfjs = {
    init: call("init", null, 0),
    initWithThreadsCount: call("init_with_threads_count", null, 1),
    getThreadsCount: call("get_threads_count", "number", 0),
    registerTensor: call("register_tensor", null, 3),
    disposeData: call("dispose_data", null, 1),
    dispose: call("dispose", null, 0),
  } as ThreadedModule["tfjs"];
  return module;
}

/** A thread that keeps no process alive. */
const startThread: StartThread = (script, task) =>
  new Promise((resolve, reject) => {
    const text = `${script}
const { parentPort, workerData } = require("node:worker_threads");
parentPort.postMessage("ready");
serve(workerData);`;
    const worker = new Worker(text, { eval: true, workerData: task });
    worker.once("message", () => {
      worker.unref();
      resolve();
    });
    worker.once("error", reject);
  });

/**
 * Threads for wasm in Node, in worker threads of this process. tfjs' backend starts on the binary that pages use, because
 * the memory of the other one cannot be shared.
 * @param folder the package's `wasm-out`, or a folder with its three files of the threaded binary
 */
export function nodeWasmThreads(folder: string, count = defaultCount()): WasmThreads {
  return {
    count,
    startThread,
    during: async (start) => {
      if (runningBackend()) return start();
      // the binary's script makes Node's workers a global, which other libraries take for a browser's
      const before = Object.getOwnPropertyDescriptor(globalThis, "Worker");
      const module = await loadThreaded(folder);
      if (before) Object.defineProperty(globalThis, "Worker", before);
      else Reflect.deleteProperty(globalThis, "Worker");
      const { PThread } = module;
      await Promise.all(PThread.unusedWorkers.map((worker) => worker.terminate()));
      PThread.unusedWorkers = [];
      tf.removeBackend("wasm");
      tf.registerBackend("wasm", () => new BackendWasm(module), 2);
      await start();
    },
  };
}

const runningBackend = (): object | null => tf.findBackend("wasm");

const defaultCount = () => wasmThreadCount({ isolated: true, cores: availableParallelism() });
