/**
 * The layers of docs/architecture.md as rules: src/<row> may reach only itself and the rows named.
 * Packages are held by the second table: only these rows may use them.
 */
const MAY_IMPORT = {
  errors: [],
  // What there is to download, as plain data: both halves read it, and the schema's choices come from it.
  catalogue: ["errors"],
  math: ["errors"],
  config: ["errors", "math", "catalogue"],
  formats: ["errors", "math"],
  // The model hub over the network: addresses, ranges, retries. Knows no storage.
  hub: ["errors", "catalogue", "config", "formats", "protocol"],
  protocol: ["errors", "catalogue", "config"],
  storage: ["errors", "catalogue", "math", "config", "formats", "protocol"],
  data: ["errors", "catalogue", "math", "config", "formats", "hub"],
  kernels: ["errors"],
  nn: ["errors", "math", "kernels"],
  models: ["errors", "catalogue", "math", "config", "nn", "kernels"],
  encoders: ["errors", "catalogue", "math", "config", "formats", "nn", "models"],
  diffusion: ["errors", "math", "config", "nn", "kernels"],
  metrics: ["errors", "math"],
  training: [
    "errors",
    "catalogue",
    "math",
    "config",
    "formats",
    "protocol",
    "data",
    "kernels",
    "nn",
    "models",
    "diffusion",
  ],
  // What a worker does with its parts: joins storage, data, encoders and training behind one protocol interface.
  sessions: [
    "errors",
    "catalogue",
    "math",
    "config",
    "formats",
    "hub",
    "protocol",
    "storage",
    "data",
    "kernels",
    "nn",
    "models",
    "encoders",
    "diffusion",
    "metrics",
    "training",
  ],
  // Whether a device computes what it should: kernels beside their twins, replayed steps beside encoded ones.
  check: ["errors", "math", "kernels", "training", "bench"],
  // Measures the parts a run is made of; reads no storage and knows no page.
  bench: [
    "errors",
    "catalogue",
    "math",
    "config",
    "protocol",
    "kernels",
    "nn",
    "models",
    "diffusion",
    "training",
  ],
  store: ["errors", "catalogue", "math", "config", "protocol"],
  ui: ["errors", "catalogue", "math", "config", "protocol", "store"],
  bridge: ["errors", "catalogue", "config", "protocol", "storage", "store", "data", "formats"],
  app: ["errors", "catalogue", "math", "config", "protocol", "storage", "store", "ui", "bridge"],
};

/** Rows that run in workers with tensors; everything else must load without tfjs. */
const TENSOR_ROWS =
  "^src/(kernels|nn|models|encoders|diffusion|training|sessions|check|bench)/|^workers/";
const PAGE_ROWS = "^src/(store|ui|bridge|app)/";
const TESTS = "\\.(test|spec)\\.tsx?$|\\.golden\\.test\\.ts$|\\.gpu\\.test\\.ts$";

const layerRules = Object.entries(MAY_IMPORT).map(([row, allowed]) => ({
  name: `layer-${row}`,
  comment: `src/${row} may import only: ${[row, ...allowed].join(", ")}`,
  severity: "error",
  from: { path: `^src/${row}/`, pathNot: TESTS },
  to: { path: "^(src|workers)/", pathNot: `^src/(${[row, ...allowed].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...layerRules,
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "nobody-imports-workers",
      comment: "bridge names a worker by URL; nothing imports one",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^workers/" },
    },
    {
      name: "tfjs-only-in-tensor-rows",
      severity: "error",
      from: { path: "^src/", pathNot: `${TENSOR_ROWS}|${TESTS}` },
      to: { path: "@tensorflow/" },
    },
    {
      name: "backends-only-in-runtime",
      severity: "error",
      from: {
        path: "^(src|workers)/",
        pathNot: `^workers/(runtime|browserRuntime)\\.ts$|^src/kernels/tfjsWebGpu\\.ts$|^src/bench/webGpu\\.ts$|${TESTS}`,
      },
      to: { path: "@tensorflow/tfjs-backend" },
    },
    {
      name: "page-packages-only-on-the-page",
      severity: "error",
      from: { path: "^(src|workers)/", pathNot: `${PAGE_ROWS}|${TESTS}` },
      to: { path: "node_modules/(react|react-dom|zustand|recharts|@mantine|@tabler)/" },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
    },
  },
};
