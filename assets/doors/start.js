// From opening the page to the view that somebody looks at, and the bar that says how things stand.

import { openBook, recount } from "./book.js";
import { felt, when } from "./bus.js";
import { h, icon } from "./h.js";
import { lockView, setupView } from "./lock.js";
import { line } from "./net.js";
import * as outbox from "./outbox.js";
import { alarmed, leftBehind } from "./presence.js";
import { watchTouches } from "./session.js";
import { dress, readState, state } from "./state.js";
import { close, fullness, open } from "./store.js";
import { clock, mended, sinceWords } from "./time.js";
import * as vault from "./vault.js";

const { tally } = outbox;
const main = document.getElementById("main");
// The pad for the PIN is painted before the views are loaded: they come while somebody types.
let views;
const loadViews = () => (views ??= import("./views.js"));
let view = {};
let turn = 0;

export async function start() {
  await open();
  await readState();
  await outbox.count();
  await route();
  loadViews();
  addEventListener("hashchange", () => felt("again"));
  when("again", route);
  when("locked", route);
  when("tally", paintBar);
  when("tally", () => view.sends !== undefined && view.sends !== tally.sending && view.refresh());
  when("outbox", outbox.count);
  when("outbox", redraw);
  when("pack", async ({ elsewhere }) => {
    if (elsewhere && vault.isOpen()) await openBook();
    await redraw();
  });
  when("settings", ({ settings }) => {
    state.settings = settings;
    dress();
    if (view.sends !== undefined) view.refresh();
  });
  for (const word of ["wiped", "set up"]) when(word, ({ elsewhere }) => elsewhere && location.reload());
  when("superseded", giveWay);
  // The address names the view, so the link that skips the bar must not become it.
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    main.focus();
  });
  watchTouches();
  setInterval(paintBar, 30_000);
  setInterval(ring, 30_000);
  document.documentElement.dataset.ready = "yes";
  state.fullness = await fullness();
  state.lasting = state.lasting && ((await navigator.storage?.persisted?.()) ?? false);
  paintNotices();
  await serveOffline();
}

/** Shows what the address names, or what comes before it: a PIN. */
async function route() {
  const mine = ++turn;
  await state.leave?.();
  const made = await make();
  // Somebody has gone on while this view was being made.
  if (mine !== turn || !made) return;
  view = made;
  state.leave = view.leave;
  main.replaceChildren(view.element);
  document.title = `${view.title} · 敲门走访`;
  paintBar();
  paintNotices();
  scrollTo(0, 0);
  main.querySelector(view.focus ?? "h1")?.focus({ preventScroll: true });
}

async function make() {
  if (!state.account) return setupView(opened);
  if (!vault.isOpen()) return lockView(opened);
  const { doorView, rollView, listView, placesView, takePlace, uploadView } = await loadViews();
  const [, name, ...rest] = location.hash.split("/");
  const parts = rest.map(decodeURIComponent);
  switch (name) {
    case "door":
      return doorView(...parts);
    case "roll":
      return rollView(...parts);
    case "upload":
      return uploadView();
    case "places":
      return placesView();
    case "at":
      return takePlace(...parts);
    default:
      return listView();
  }
}

let sends = false;

async function opened() {
  if (!sends) outbox.start(state.account);
  sends = true;
  await route();
  // What could not be cleared away does not keep the phone shut.
  await outbox.tidy().catch(console.warn);
}

/** What has changed is shown where people look on; where they write, nothing moves. */
async function redraw() {
  if (!vault.isOpen()) return;
  await recount();
  state.fullness = await fullness();
  paintNotices();
  if (!view.refresh) return;
  const held = document.activeElement?.getAttribute("href");
  await view.refresh();
  if (held) main.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
}

/** How many are not uploaded yet, and since when: always in sight. */
function paintBar() {
  const back = document.getElementById("back");
  const to = vault.isOpen() && view.back;
  back.setAttribute("href", to ? to.href : "#/");
  back.replaceChildren(
    ...(to
      ? [h("span", { class: "chevron", "aria-hidden": "true" }), h("span", { class: "vh" }, "回到"), to.words]
      : [emblem(), "敲门走访"]),
  );
  const { unsent, oldest, contact, clashes, held, refused, photos, sending } = tally;
  const away = line.online ? "" : "离线 · ";
  const first = unsent ? `${unsent} 条未上传` : photos ? `${photos} 张照片未上传` : "全部已上传";
  const reached = contact ? `${clock(mended(contact))} 联系过` : "还没联系过";
  const second = unsent ? sinceWords(oldest) : held && !photos ? `${held} 条待社区核对` : reached;
  const more = clashes || refused ? h("span", { class: "count late" }, `${clashes + refused} 条要看`) : null;
  const sync = document.getElementById("sync");
  sync.hidden = !state.account;
  sync.className = `sync ${unsent || photos ? "soon" : "done"}`;
  sync.replaceChildren(
    icon(unsent || photos ? "upload" : "check"),
    h("span", null, h("b", null, first), h("small", null, sending && unsent ? "正在上传…" : `${away}${second}`)),
    more ?? "",
  );
}

const emblem = () =>
  h("img", { class: "emblem", src: new URL("../icon.svg", import.meta.url).pathname, alt: "", width: 32, height: 32 });

let noticed = "";

/** What somebody should know or do, above whatever they are looking at. */
function paintNotices() {
  const { lasting, fullness, waiting, account } = state;
  const calm = vault.isOpen() && !view.leave;
  const shown = [
    line.login === "expired" && account,
    line.login === "other",
    state.homeless,
    calm && !lasting,
    calm && fullness > 0.8,
    calm && waiting,
    vault.isOpen() && alarmed().map((session) => `${session.id} ${leftBehind(session)}`).join(),
  ];
  const now = shown.join();
  if (now === noticed) return;
  noticed = now;
  const notices = [expired, other, homeless, forgetful, full, renewable, behind].filter((_, index) => shown[index]);
  document.getElementById("notices").replaceChildren(...notices.map((notice) => notice()));
}

const expired = () =>
  h(
    "p",
    { class: "note soon" },
    h("a", { href: "/doors/entry" }, "登录已过期，点这里重新登录"),
    h("span", null, "填好的都在手机里，登录后接着传。"),
  );

const other = () =>
  h(
    "p",
    { class: "note late" },
    h("span", null, `现在登录的是${line.name}，这部手机里存的是另一个账号的走访，不会用这个账号上传。`),
    h("button", { type: "button", class: "btn plain small", onclick: changeAccount }, "退出，用原来的账号登录"),
  );

/** Whoever is signed in has to go first: the way in leads only strangers to the login. */
async function changeAccount({ currentTarget: button }) {
  await state.leave?.();
  const body = new URLSearchParams({ csrf: line.csrf });
  try {
    await fetch("/logout", { method: "POST", body, redirect: "manual" });
    location.assign("/doors/entry");
  } catch {
    button.textContent = "现在连不上，请再点一次";
  }
}

const homeless = () =>
  h(
    "p",
    { class: "note late" },
    h("b", null, "没有网时还打不开"),
    h("span", null, "应用没能存到手机里。先不要去没有网的地方，在信号好的地方再打开一次。"),
    h("button", { type: "button", class: "btn plain small", onclick: () => location.reload() }, "再打开一次"),
  );

const full = () =>
  h(
    "p",
    { class: "note soon" },
    h("span", null, `存储已用 ${Math.round(state.fullness * 100)}%，传完的照片会自动删掉。`),
    h("a", { href: "#/upload" }, "去上传"),
  );

/** A child that nobody has fetched is told of whatever somebody is looking at, again and again. */
const behind = () =>
  h(
    "p",
    { class: "note late", role: "alert" },
    h("b", null, `还有 ${alarmed().reduce((sum, session) => sum + leftBehind(session), 0)} 个孩子没人接`),
    h("a", { href: `#/roll/${alarmed()[0].id}` }, "去点名页"),
  );

function ring() {
  paintNotices();
  if (vault.isOpen() && alarmed().length) navigator.vibrate?.([400, 200, 400]);
}

const renewable = () =>
  h(
    "p",
    { class: "note" },
    h("span", null, "有新版本。"),
    h("button", { type: "button", class: "btn plain small", onclick: renew }, "换上新版本"),
  );

/** The browser may throw away what this app keeps: said in words, with what helps. */
function forgetful() {
  const ask = async () => {
    state.lasting = await navigator.storage.persist();
    if (!state.lasting) answer.textContent = "还没有答应。照上面说的做，过几天再试。";
    paintNotices();
  };
  const answer = h("p", { role: "status" });
  return h(
    "details",
    { class: "note soon folded" },
    h("summary", null, "手机没有答应长期保存，怎么办"),
    h(
      "p",
      null,
      "手机存储不够时，浏览器可能清掉还没上传的走访。请把这一页“添加到主屏幕”，不要清理浏览器数据，每天至少上传一次。",
    ),
    answer,
    h("button", { type: "button", class: "btn plain small", onclick: ask }, "再请它保存"),
  );
}
when("tally", paintNotices);

/** The worker keeps the app on the phone. A new version waits until nobody is writing and somebody wants it. */
async function serveOffline() {
  const failed = () => {
    // An older version that is still here opens as before.
    state.homeless = !navigator.serviceWorker.controller;
    paintNotices();
  };
  const registration = await navigator.serviceWorker.register("/doors/worker.js", { scope: "/doors" }).catch(failed);
  if (!registration) return;
  const found = ({ target }) => {
    if (target?.state === "redundant" && !registration.active) failed();
    if (!registration.waiting || !navigator.serviceWorker.controller) return;
    state.waiting = registration.waiting;
    paintNotices();
  };
  const look = () => registration.installing?.addEventListener("statechange", found);
  registration.addEventListener("updatefound", look);
  look();
  found({});
}

async function renew() {
  await state.leave?.();
  navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
  state.waiting.postMessage("take over");
}

async function giveWay() {
  outbox.stop();
  const isKept = (await state.leave?.()) ?? true;
  state.leave = undefined;
  vault.lock();
  await close();
  const words = isKept ? "填了一半的已经存好。" : "下面填的没有存下，请先抄下来。";
  const card = h(
    "section",
    { class: "card" },
    h("h1", { tabIndex: -1 }, "请重新打开"),
    h("p", null, `这个应用在另一个窗口里换了新版本。${words}`),
    h("button", { type: "button", class: "btn", onclick: () => location.reload() }, "重新打开"),
  );
  if (isKept) main.replaceChildren(card);
  else main.prepend(card);
}
