import type { LaunchOptions } from "@playwright/test";
import { test as base } from "../fixtures";
import { startHub, type LocalHub } from "./server";

/** Lets a browser find the local hub under the real hub's names; its certificate is nobody's. */
export const hubArgs = (port: number): string[] => {
  const hosts = ["huggingface.co", "*.huggingface.co", "*.hf.co"];
  const rules = hosts.map((host) => `MAP ${host} 127.0.0.1:${port}`).join(", ");
  return [`--host-resolver-rules=${rules}`, "--ignore-certificate-errors"];
};

interface HubWorkerFixtures {
  /** How long the hub's signed links hold. */
  linkSeconds: number;
  /** A hub that answers for huggingface.co; a spec puts its files in. One for all tests of a worker. */
  hub: LocalHub;
  launchOptions: LaunchOptions;
}

export const test = base.extend<{ cleanHub: undefined }, HubWorkerFixtures>({
  linkSeconds: [600, { scope: "worker", option: true }],
  hub: [
    async ({ linkSeconds }, use) => {
      const hub = await startHub({ tls: true, linkSeconds });
      await use(hub);
      await hub.close();
    },
    { scope: "worker" },
  ],
  launchOptions: [
    async ({ launchOptions, hub }, use) => {
      await use({
        ...launchOptions,
        args: [...(launchOptions.args ?? []), ...hubArgs(hub.port)],
      });
    },
    { scope: "worker" },
  ],
  cleanHub: [
    async ({ hub }, use) => {
      hub.heal();
      hub.clearLog();
      await use(undefined);
    },
    { auto: true },
  ],
});

export { expect } from "@playwright/test";
