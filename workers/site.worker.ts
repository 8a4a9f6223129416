/// <reference lib="webworker" />
import type { Site, SiteRequest } from "../src/common/protocol/site";
import { dropOldVersions, type SitePlace } from "../src/sessions/site/siteCaches";
import { createSiteSession } from "../src/sessions/site/siteSession";

/** Written in by the build (scripts/sitePlugin.ts). */
declare const __SITE__: Site;
declare const self: ServiceWorkerGlobalScope;

const place: SitePlace = {
  site: __SITE__,
  base: self.registration.scope,
  caches,
  fetch: (address, init) => fetch(address, init),
  fetchRequest: (request) => fetch(request),
};
const session = createSiteSession(place);

const withoutPages = async (work: () => Promise<void>): Promise<void> => {
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (pages.length === 0) await work();
};

self.addEventListener("install", (event) => event.waitUntil(session.install()));
// the page that registered it is served by it from here on; isolation needs a reload, which the page decides on
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const path = session.pathOf(event.request);
  if (path === undefined) return;
  event.respondWith(session.respond(event.request, path));
  // a first page: none is left that could ask for a file of an older version
  if (event.request.mode === "navigate") {
    event.waitUntil(withoutPages(() => dropOldVersions(place)));
  }
});
self.addEventListener("message", (event) => {
  const request = event.data as SiteRequest;
  if (request.type === "take") event.waitUntil(self.skipWaiting());
  else {
    const [port] = event.ports;
    event.waitUntil(session.handle(request, (reply) => port?.postMessage(reply)));
  }
});
