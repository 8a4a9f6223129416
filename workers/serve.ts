import { expose } from "comlink";
import { STARTED } from "../src/common/protocol/started";

/** Answers the page's calls from here on, and says so: a script that does not load would be waited for. */
export function serve(api: object): void {
  expose(api);
  postMessage(STARTED);
}
