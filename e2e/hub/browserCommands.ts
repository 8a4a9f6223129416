import type { BrowserCommand } from "vitest/node";
import type { HubPlaces } from "../../src/sources/hub/hosts.ts";
import type { LoggedRequest } from "./answer.ts";
import type { FailureRule } from "./failures.ts";
import { startHub, type LocalHub } from "./server.ts";

/**
 * The local hub for tests that run in the browser: the hub itself is in Node. `reset` answers where it is; every
 * test file begins with it. Files go over the wire as base64.
 */
export interface HubCommands {
  hubReset: () => Promise<HubPlaces>;
  hubPut: (key: string, base64: string) => Promise<void>;
  hubFail: (rule: FailureRule) => Promise<void>;
  hubLog: () => Promise<readonly LoggedRequest[]>;
}

type Commands = { [Name in keyof HubCommands]: BrowserCommand<Parameters<HubCommands[Name]>> };

/** Commands over one hub, started when it is first asked for. */
export function hubCommands(): Commands {
  let started: Promise<LocalHub> | undefined;
  const hub = () => (started ??= startHub());
  return {
    hubReset: async () => {
      const { heal, clearLog, places } = await hub();
      heal();
      clearLog();
      return places;
    },
    hubPut: async (_, key, base64) => (await hub()).put(key, Buffer.from(base64, "base64")),
    hubFail: async (_, rule) => (await hub()).fail(rule),
    hubLog: async () => (await hub()).log,
  };
}
