import { build, type Plugin } from "vite";

/** Where a test finds the features worker in one file. */
export const FEATURES_WORKER = "/built-workers/features.js";

async function bundle(): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: "warn",
    define: { __CODE_VERSION__: JSON.stringify("test") },
    build: {
      write: false,
      minify: false,
      target: "es2023",
      rolldownOptions: {
        input: "workers/features.worker.ts",
        output: { format: "es", codeSplitting: false },
      },
    },
  });
  const outputs = Array.isArray(result) ? result : [result];
  const chunk = outputs
    .flatMap((each) => ("output" in each ? each.output : []))
    .find((each) => each.type === "chunk" && each.isEntry);
  if (chunk?.type !== "chunk") throw new Error("workers/features.worker.ts gave no chunk.");
  return chunk.code;
}

/**
 * Serves the features worker as the built page has it, in one file: a test that starts it over and over would otherwise
 * wait for its modules, some hundreds, each time.
 */
export function builtWorkers(): Plugin {
  let text: Promise<string> | undefined;
  return {
    name: "built-workers",
    configureServer: ({ middlewares }) => {
      middlewares.use(FEATURES_WORKER, (_, response, next) => {
        (text ??= bundle()).then((code) => {
          response.setHeader("Content-Type", "text/javascript");
          response.end(code);
        }, next);
      });
    },
  };
}
