// The door to the app: what the browser must be able to do is asked before anything that needs it is loaded.

import { h } from "./h.js";

const able =
  "serviceWorker" in navigator &&
  crypto.subtle &&
  crypto.randomUUID &&
  window.indexedDB &&
  window.BroadcastChannel &&
  navigator.locks;

if (able) {
  import("./start.js").then(({ start }) => start()).catch(explain);
} else {
  explain();
}

/** A page in words for a browser in which the app cannot work. */
function explain(error) {
  if (error) console.error(error);
  const address = new URL("/doors", location.href).href;
  const copy = async (event) => {
    const button = event.currentTarget;
    try {
      await navigator.clipboard.writeText(address);
      button.textContent = "已复制";
    } catch {
      button.textContent = "请长按上面的网址复制";
    }
  };
  const isWeChat = /MicroMessenger/i.test(navigator.userAgent);
  const why = window.isSecureContext
    ? "离线走访要把名单锁在手机里，这个浏览器做不到，没有网时会丢。"
    : "离线走访要用 https 开头的安全网址，现在的网址不是。请向社区要正确的网址。";
  const how = isWeChat ? "请点右上角的“…”，选“在浏览器打开”。" : "请把网址复制到手机自带的浏览器里打开。";
  const elsewhere = [
    h("h1", { tabIndex: -1 }, "这里不能离线走访"),
    h("p", null, why),
    h("p", null, how),
    h("p", { class: "copied" }, address),
    h("button", { type: "button", class: "btn", onclick: copy }, "复制网址"),
  ];
  // What is kept lies in this browser: another one would not have it.
  const broken = [
    h("h1", { tabIndex: -1 }, "没有打开"),
    h("p", null, "打开时出了错。手机里存的都还在，请不要清理浏览器数据。"),
    h("button", { type: "button", class: "btn", onclick: () => location.reload() }, "重新打开"),
  ];
  const list = h(
    "p",
    null,
    "有网的地方也可以先用简单名单：",
    h("a", { class: "btn plain", href: "/doors/list" }, "打开简单名单"),
  );
  document
    .getElementById("main")
    .replaceChildren(h("section", { class: "card stack" }, error ? broken : elsewhere, list));
}
