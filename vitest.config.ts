import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { hubCommands } from "./e2e/hub/browserCommands.ts";
import { chromiumLaunch } from "./scripts/chromium.mjs";
import { builtWorkers } from "./test/builtWorkers.ts";

/** Parts of the parquet reader that a worker's code names: found late, they would reload a test's page. */
const PARQUET = ["column", "delta", "schema"].map((part) => `hyparquet/src/${part}.js`);
/** Pre-bundled so that a test file does not load the hundreds of modules tfjs is made of. */
const TFJS = [
  "@tensorflow/tfjs-core",
  "@tensorflow/tfjs-core/dist/register_all_gradients",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-wasm",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // files share a process, two on two cores: each file's own start took longer than its tests
          isolate: false,
          maxWorkers: "100%",
          environment: "node",
          include: [
            "src/**/*.test.{ts,tsx}",
            "test/**/*.test.ts",
            "scripts/**/*.test.ts",
            "bench/**/*.test.ts",
            "e2e/hub/*.test.ts",
          ],
          exclude: ["**/*.gpu.test.ts", "node_modules/**"],
          setupFiles: ["test/setup.ts"],
          deps: { optimizer: { ssr: { enabled: true, include: TFJS } } },
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "dawn",
          environment: "node",
          include: [
            "src/engine/kernels/**/*.gpu.test.ts",
            "src/engine/training/**/*.gpu.test.ts",
            "src/engine/check/**/*.gpu.test.ts",
            "workers/**/*.gpu.test.ts",
          ],
          setupFiles: ["test/setupDawn.ts"],
          deps: {
            optimizer: {
              ssr: { enabled: true, include: [...TFJS, "@tensorflow/tfjs-backend-webgpu"] },
            },
          },
          testTimeout: 300_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        plugins: [builtWorkers()],
        define: { __CODE_VERSION__: JSON.stringify("test") }, // for the workers that tests start
        optimizeDeps: { include: [...TFJS, "@tensorflow/tfjs-backend-webgpu", ...PARQUET] },
        test: {
          name: "gpu",
          include: ["src/**/*.gpu.test.ts", "test/**/*.gpu.test.ts"],
          setupFiles: ["test/setupGpu.ts"],
          testTimeout: 300_000,
          hookTimeout: 120_000,
          // as above; two pages share the browser and its one software adapter
          isolate: false,
          maxWorkers: 2,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({ launchOptions: chromiumLaunch() }),
            instances: [{ browser: "chromium" }],
            commands: hubCommands(),
          },
        },
      },
    ],
  },
});
