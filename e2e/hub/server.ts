import { randomBytes } from "node:crypto";
import {
  createServer as createHttp,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { createServer as createHttps } from "node:https";
import type { AddressInfo } from "node:net";
import { generate } from "selfsigned";
import { HUGGING_FACE, type HubPlaces } from "../../src/sources/hub/hosts.ts";
import { failureBook, type FailureRule, type HubHost } from "./failures.ts";
import { answer, type HubState, type LoggedRequest } from "./answer.ts";
import { repoFile, type HubContent, type HubFiles } from "./repoFiles.ts";

export interface HubOptions {
  readonly files?: HubFiles;
  /** Listens with a self-signed certificate under the hub's real names; without it, plainly on three ports. */
  readonly tls?: boolean;
  /** How long a signed link holds. */
  readonly linkSeconds?: number;
  /** Entries of a listing in one answer; the rest follows by its Link header. */
  readonly pageSize?: number;
}

export interface LocalHub {
  /** The base addresses a client is given. */
  readonly places: HubPlaces;
  /** The port all hosts share with `tls`; the browser is told to resolve their names to it. */
  readonly port: number;
  /** Every request so far, in the order of their arrival. */
  readonly log: readonly LoggedRequest[];
  readonly clearLog: () => void;
  /** Adds or replaces a file; a revision's commit changes with it. */
  readonly put: (key: string, content: HubContent) => void;
  readonly fail: (rule: FailureRule) => void;
  /** Forgets every failure that was asked for. */
  readonly heal: () => void;
  readonly close: () => Promise<void>;
}

const HOSTS: readonly HubHost[] = ["hub", "storage", "datasetsServer"];
const STORAGE_NAME = "cdn-lfs.hf.co";

function hostByName({ headers }: IncomingMessage): HubHost {
  const name = (headers.host ?? "").replace(/:\d+$/, "");
  if (name === "huggingface.co") return "hub";
  return name === "datasets-server.huggingface.co" ? "datasetsServer" : "storage";
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref(); // what uses a hub says how long there is one
  return (server.address() as AddressInfo).port;
}

async function encrypted(listener: RequestListener): Promise<Server> {
  const { private: key, cert } = await generate([{ name: "commonName", value: "huggingface.co" }]);
  return createHttps({ key, cert }, listener);
}

/** A small stand-in for the model hub: its addresses, redirects, ranges, and on request its failures. */
export async function startHub({
  files = new Map(),
  tls = false,
  linkSeconds = 600,
  pageSize = 1000,
}: HubOptions = {}): Promise<LocalHub> {
  const served = new Map([...files].map(([key, content]) => [key, repoFile(key, content)]));
  const failures = failureBook();
  const log: LoggedRequest[] = [];
  const origins: Record<HubHost, string> = {
    hub: HUGGING_FACE.hub,
    storage: `https://${STORAGE_NAME}`,
    datasetsServer: HUGGING_FACE.datasetsServer,
  };
  const state: HubState = {
    served,
    failures,
    log,
    origins,
    linkSeconds,
    pageSize,
    signingKey: randomBytes(16).toString("hex"),
  };

  const listener =
    (hostOf: (request: IncomingMessage) => HubHost): RequestListener =>
    (request, response) => {
      answer(state, hostOf(request), request, response).catch((error: unknown) => {
        response.destroy(error instanceof Error ? error : new Error(String(error)));
      });
    };
  const servers: Server[] = [];
  let port = 0;
  if (tls) {
    const server = await encrypted(listener(hostByName));
    servers.push(server);
    port = await listen(server);
  } else {
    for (const host of HOSTS) {
      const server = createHttp(listener(() => host));
      servers.push(server);
      origins[host] = `http://127.0.0.1:${await listen(server)}`;
    }
  }

  return {
    places: {
      hub: origins.hub,
      datasetsServer: origins.datasetsServer,
      sources: tls ? HUGGING_FACE.sources : Object.values(origins),
    },
    port,
    log,
    clearLog: () => {
      log.length = 0;
    },
    put: (key, content) => {
      served.set(key, repoFile(key, content));
    },
    fail: failures.add,
    heal: failures.clear,
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((closed) => server.close(closed));
      }
    },
  };
}
