import { HUB_SOURCES } from "../src/sources/hub/hosts.ts";

/** Cross-origin isolation: shared memory, so that the slow mode's wasm may use threads. */
export const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};

/**
 * What the built page and its workers may load: themselves and the model hub. Styles are inline because Mantine sets CSS
 * variables so; blob: workers are the threads of tfjs' wasm backend, blob: images the sample grids.
 */
const policy = (scripts: string) => [
  "default-src 'self'",
  `script-src ${scripts} 'wasm-unsafe-eval'`,
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' blob: data:",
  `connect-src 'self' blob: data: ${HUB_SOURCES.join(" ")}`,
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
];

/** In the page's head, where a static host sends no headers. */
export const PAGE_POLICY = policy("'self'").join("; ");

/**
 * As a header: a worker obeys the policy its own script came with, not that in the page's head. The threads of tfjs' wasm
 * backend load their script from a blob; the page, which has both policies, may not. `frame-ancestors` counts in headers
 * alone.
 */
export const SITE_HEADERS = {
  ...ISOLATION,
  "Content-Security-Policy": [...policy("'self' blob:"), "frame-ancestors 'self'"].join("; "),
};
