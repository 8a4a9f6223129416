/**
 * The rooms of docs/architecture.md as rules. A key is a folder of `src`; it may reach only itself and the folders
 * named (with all they hold). Packages are held by the rules below the table.
 */
const MAY_IMPORT = {
  // What both halves speak. Loads without tfjs and without React.
  "common/errors": [],
  "common/gpu": [],
  "common/math": ["common/errors"],
  "common/catalogue": ["common/errors"],
  "common/config": ["common/errors", "common/math", "common/catalogue"],
  "common/formats": ["common/errors", "common/math"],
  "common/protocol": ["common/errors", "common/catalogue", "common/config"],
  "common/storage": [
    "common/errors",
    "common/math",
    "common/catalogue",
    "common/config",
    "common/formats",
    "common/protocol",
  ],
  // Files that carry runs from one place to another.
  "common/resultFiles": [
    "common/errors",
    "common/math",
    "common/catalogue",
    "common/config",
    "common/formats",
    "common/protocol",
    "common/storage",
  ],

  // Where bytes come from: the model hub over the network, folders and archives. Knows no storage.
  "sources/hub": ["common"],
  "sources/data": ["common", "sources/hub"],

  // Numbers.
  "engine/kernels": ["common/errors", "common/gpu"],
  "engine/nn": ["common", "engine/kernels"],
  "engine/models": ["common", "engine/kernels", "engine/nn"],
  "engine/encoders": ["common", "engine/nn", "engine/models"],
  "engine/diffusion": ["common", "engine/kernels", "engine/nn"],
  "engine/metrics": ["common/errors", "common/math"],
  "engine/training": [
    "common",
    "sources/data",
    "engine/kernels",
    "engine/nn",
    "engine/models",
    "engine/diffusion",
  ],
  // Measures the parts a run is made of.
  "engine/bench": [
    "common",
    "engine/kernels",
    "engine/nn",
    "engine/models",
    "engine/diffusion",
    "engine/training",
  ],
  // Whether a device computes what it should: kernels beside their twins, replayed steps beside encoded ones.
  "engine/check": ["common", "engine/kernels", "engine/training", "engine/bench"],

  // What a worker does with its parts.
  "sessions/common": ["common", "sources", "engine"],
  "sessions/device": ["common", "engine", "sessions/common"],
  "sessions/metrics": ["common", "engine", "sessions/common"],
  "sessions/weights": ["common", "sources", "engine", "sessions/common"],
  // The service worker's session: the site's files, on any host and without a network.
  "sessions/site": ["common"],
  "sessions/datasets": ["common", "sources", "sessions/common"],
  "sessions/caches": [
    "common",
    "sources",
    "engine",
    "sessions/common",
    "sessions/device",
    "sessions/datasets",
    "sessions/weights",
  ],
  "sessions/previews": ["common", "sources", "engine", "sessions/common", "sessions/datasets"],
  // The features worker's session: caches, weights, data sets and previews joined.
  "sessions/features": [
    "common",
    "sessions/common",
    "sessions/datasets",
    "sessions/weights",
    "sessions/caches",
    "sessions/previews",
  ],
  "sessions/run": [
    "common",
    "sources",
    "engine",
    "sessions/common",
    "sessions/device",
    "sessions/metrics",
    "sessions/datasets",
    "sessions/caches",
  ],
  "sessions/analysis": [
    "common",
    "sources",
    "engine",
    "sessions/common",
    "sessions/device",
    "sessions/metrics",
    "sessions/datasets",
    "sessions/caches",
    "sessions/run",
  ],

  // What a person sees. Meets a worker in protocol and storage alone.
  "page/store": ["common"],
  "page/commands": ["common", "page/store"],
  "page/ui": ["common", "page/store", "page/commands"],
  "page/bridge": ["common", "page/store", "page/commands"],
  "page/app": ["common", "page/store", "page/commands", "page/ui", "page/bridge"],
};

/** Rooms that run in workers; everything else must load without tfjs. */
const TENSOR_ROOMS = "^src/(engine|sessions)/|^workers/";
const TESTS = "\\.(test|spec)\\.tsx?$";

const roomRules = Object.entries(MAY_IMPORT).map(([room, allowed]) => ({
  name: room,
  comment: `src/${room} may import only: ${[room, ...allowed].join(", ")}`,
  severity: "error",
  from: { path: `^src/${room}/`, pathNot: TESTS },
  to: { path: "^(src|workers)/", pathNot: `^src/(${[room, ...allowed].join("|")})/` },
}));

module.exports = {
  forbidden: [
    ...roomRules,
    {
      name: "a-room-for-every-file",
      comment: "a folder of src that the table does not name would be held by no rule",
      severity: "error",
      from: {},
      to: {
        path: "^src/",
        pathNot: `^src/(${Object.keys(MAY_IMPORT).join("|")})/`,
      },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "nobody-imports-workers",
      comment: "bridge names a worker by URL; nothing imports one",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^workers/" },
    },
    {
      name: "tfjs-only-in-tensor-rooms",
      severity: "error",
      from: { path: "^src/", pathNot: `${TENSOR_ROOMS}|${TESTS}` },
      to: { path: "@tensorflow/" },
    },
    {
      name: "metrics-are-plain-arrays",
      severity: "error",
      from: { path: "^src/engine/metrics/", pathNot: TESTS },
      to: { path: "@tensorflow/" },
    },
    {
      name: "backends-only-in-runtime",
      severity: "error",
      from: {
        path: "^(src|workers)/",
        pathNot: `^workers/(runtime|browserRuntime)\\.ts$|^src/engine/kernels/tfjsWebGpu\\.ts$|^src/engine/bench/webGpu\\.ts$|${TESTS}`,
      },
      to: { path: "@tensorflow/tfjs-backend" },
    },
    {
      name: "page-packages-only-on-the-page",
      severity: "error",
      from: { path: "^(src|workers)/", pathNot: `^src/page/|${TESTS}` },
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
