import { execFileSync } from "node:child_process";

/** Formats a file in place as `npm run format` wants it; oxfmt runs apart, because it cannot be bundled. */
export const formatFile = (path: string): void => {
  execFileSync(process.execPath, ["node_modules/oxfmt/bin/oxfmt", path]);
};
