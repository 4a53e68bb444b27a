// Keeps the app itself on the phone: the page and its parts, never anything that the server says about people.
// VERSION and SHELL are put in front of this text by the server.

const CACHE = `doorstep-${VERSION}`;

// Everything or nothing: half a version would be none. It does not take over from a page that is open.
self.addEventListener("install", (event) => {
  const requests = SHELL.map((path) => new Request(path, { cache: "reload" }));
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(requests)));
});

// A page of the version before may still be open in another tab; what is older is not needed by anybody.
self.addEventListener("activate", (event) => {
  const old = async () => {
    const names = (await caches.keys()).filter((name) => name.startsWith("doorstep-") && name !== CACHE);
    await Promise.all(names.slice(0, -1).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(old());
});

self.addEventListener("message", (event) => {
  if (event.data === "take over") self.skipWaiting();
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname === "/doors") event.respondWith(kept("/doors", event.request));
  else if (pathname.startsWith("/assets/")) event.respondWith(kept(pathname, event.request));
});

async function kept(path, request) {
  const own = await (await caches.open(CACHE)).match(path);
  return own ?? (await caches.match(path)) ?? fetch(request);
}
