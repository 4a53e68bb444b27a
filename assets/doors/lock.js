// The PIN: asked for when the app is opened, and after a while without a touch. It works without any network.

import { changed, when } from "./bus.js";
import { h, icon } from "./h.js";
import { openBook } from "./book.js";
import { escrowOf, takeAway } from "./export.js";
import { ask, hello, line } from "./net.js";
import { amounts, draftWords, lastLeft, wouldBeLost } from "./left.js";
import { refresh, send, tally } from "./outbox.js";
import { isStillIn, signOut, wipeAll } from "./session.js";
import { state } from "./state.js";
import { claim, get, isFull, jot, save } from "./store.js";
import * as vault from "./vault.js";

const LENGTH = 6;

/** The pad. `enter(pin)` returns a sentence if the PIN was not the right one. */
function pad(heading, words, enter, more) {
  const said = h("p", { class: "error shown", role: "alert" });
  // The keypad below types; a keyboard may too, but a phone need not push its own over the pad.
  const input = h("input", {
    class: "pin",
    id: "pin",
    type: "password",
    inputmode: "none",
    maxlength: LENGTH,
    autocomplete: "off",
  });
  const keys = h("div", { class: "keypad" });
  let busy = false;

  async function check() {
    input.value = input.value.replace(/\D/g, "");
    if (input.value.length < LENGTH || busy) return;
    busy = true;
    keys.classList.add("busy");
    said.textContent = "正在打开…";
    try {
      said.textContent = (await enter(input.value)) ?? "";
    } catch (error) {
      console.error(error);
      said.textContent = isFull(error)
        ? "手机存储满了，打不开。请先删掉几个不用的应用或照片，再输一次。"
        : "没有打开，请再输一次。手机里的都还在。";
    } finally {
      busy = false;
      input.value = "";
      keys.classList.remove("busy");
    }
  }

  const type = (digit) => () => {
    if (busy) return;
    input.value += digit;
    check();
  };
  const erase = () => {
    if (!busy) input.value = input.value.slice(0, -1);
  };
  input.addEventListener("input", check);
  for (const digit of "123456789")
    keys.append(h("button", { type: "button", class: "btn plain", onclick: type(digit) }, digit));
  keys.append(
    h("span"),
    h("button", { type: "button", class: "btn plain", onclick: type("0") }, "0"),
    h("button", { type: "button", class: "btn plain", onclick: erase, "aria-label": "删一位" }, "⌫"),
  );
  return h(
    "div",
    { class: "padlock" },
    icon("lock"),
    h("h1", { tabIndex: -1 }, heading),
    h("p", { class: "quiet" }, words),
    h("label", { class: "vh", for: "pin" }, "6 位数字 PIN 码"),
    input,
    said,
    keys,
    more,
  );
}

/** Opens the phone; `done()` when it is open. */
export function lockView(done) {
  const { unsent, photos } = tally.left;
  const words = unsent + photos ? `手机里有 ${amounts(unsent, photos)}未上传，都还在。` : "名单和填的内容都锁在这部手机里。";
  const forgotten = h("details", { class: "act" }, h("summary", null, "忘了 PIN 码"), forgottenWays());
  const list = h("p", null, h("a", { href: "/doors/list" }, "不用这个，打开简单名单（要联网）"));
  return {
    element: pad("请输入 PIN 码", words, (pin) => open(pin, done), [forgotten, list]),
    title: "请输入 PIN 码",
    focus: "#pin",
  };
}

/** Without the PIN nothing opens here; but what has not arrived can go to the community as a file, and then all begins anew. */
function forgottenWays() {
  const box = h("div", { class: "stack" });
  let exported = "";
  let trouble = "";
  const button = (words, onclick) => h("button", { type: "button", class: "btn plain", onclick }, words);
  const take = async () => {
    try {
      exported = await takeAway();
      trouble = "";
    } catch (error) {
      console.warn(error);
      trouble = "没有导出成，请再点一次。手机里的都还在。";
    }
    paint();
  };

  function paint() {
    const left = tally.left;
    const all = amounts(left.unsent, left.photos);
    const words = wouldBeLost(left)
      ? `请慢慢想、换着试。实在想不起来：手机里有 ${all}未上传，先导出成文件交给社区，一条也不会丢；然后清除，重新设。`
      : exported
        ? `已导出：${exported}，在手机的“下载”里。把它交给社区，社区打得开、会录入。交了以后再清除。`
        : all
          ? `手机里有 ${all}只导出、还没有上传。请先确认文件已经交给社区，再清除。`
          : "没有等着上传的走访和照片，可以清除，重新设 PIN 码。";
    const wipe = async () => {
      trouble = await wipeAll(left.drafts);
      paint();
    };
    const parts = [
      trouble && h("p", { class: "error shown", role: "alert" }, trouble),
      h("p", null, words),
      draftWords(left) && h("p", { class: "note soon" }, draftWords(left)),
      all && button("导出成文件", take),
      !wouldBeLost(left) && button("清除，重新设 PIN 码", wipe),
    ];
    box.replaceChildren(...parts.filter(Boolean));
  }

  paint();
  const stop = when("tally", () => (box.isConnected ? paint() : stop()));
  return box;
}

/** Wrong PINs that a phone without any room could not note down: they count while this page lives. */
let uncounted = {};

/** Notes something beside the key of this phone, if there still is one. */
const note = (change) =>
  save([], async ({ meta }) => meta.put({ ...(await meta.get("vault")), ...change }, "vault"));

async function open(pin, done) {
  const there = await get("meta", "vault");
  // The browser has thrown everything away behind this page: the first opening says so.
  if (!there) return location.reload();
  const kept = { ...there, ...uncounted };
  const wait = kept.wait_until - Date.now();
  // A longer wait than there is comes from a clock that has been set back.
  if (wait > 0 && wait <= vault.LONGEST_WAIT) return `请过 ${Math.ceil(wait / 1000)} 秒再试。`;
  const asked = kept.wrong >= vault.MOST_WRONG;
  if (asked) {
    const refusal = await byServer(pin, kept.account);
    if (refusal) return refusal;
    kept.wrong = 0;
  }
  // A wrong PIN counts before it is tried: ending the app in between gives no free try.
  const wrong = kept.wrong + 1;
  const count = { wrong, wait_until: Date.now() + vault.delayAfter(wrong) };
  const counted = note(count).catch((error) => {
    if (!isFull(error)) throw error;
    uncounted = count;
  });
  const [isRight] = await Promise.all([vault.unlock(kept, pin), counted]);
  if (!isRight) return asked ? "这是您现在的 PIN 码，但这部手机是用以前的 PIN 码锁的。请输入以前的。" : sentence(wrong);
  uncounted = {};
  try {
    await Promise.all([note({ wrong: 0, wait_until: 0 }).catch(console.warn), openBook()]);
  } catch (error) {
    vault.lock();
    throw error;
  }
  await done();
  reopen(pin);
  return "";
}

/** The server asks for the same PIN after a pause. Whoever has just given it here need not give it there again. */
async function reopen(pin) {
  if (!(await hello()) && line.login === "expired" && !(await get("meta", "pin_differs"))) {
    const { status } = await tell(pin);
    // Asked again and again with a PIN that is not the account's any more, the server would lock the account.
    if (status === 422) await jot("pin_differs", true);
  }
  send({ force: true, refused: true });
}

const tell = (pin) =>
  ask("/offline/pin", {
    method: "POST",
    body: JSON.stringify({ pin }),
    headers: { "content-type": "application/json" },
  });

function sentence(wrong) {
  const wait = vault.delayAfter(wrong);
  if (wrong >= vault.MOST_WRONG) return "错了太多次。请在有网的地方再试，要由服务器核对。";
  return wait ? `PIN 码不对，已错 ${wrong} 次。过 ${Math.ceil(wait / 1000)} 秒再试。` : "PIN 码不对，请再输一次。";
}

/** A sentence if the server does not agree that this is the PIN of `account`. */
async function byServer(pin, account) {
  const who = await hello();
  if (who && who.account !== account) return "现在登录的不是这部手机的主人。请用原来的账号登录，再输一次。";
  if (!who)
    return line.login === "expired" ? "要由服务器核对：请先重新登录。" : "错了太多次，要由服务器核对，现在没有网。";
  const answer = await tell(pin);
  if (answer.status === 204) return "";
  return answer.body?.sentence ?? "服务器没有答应，请过一会儿再试。";
}

/** What somebody should know of the phone as it was before: that something has got lost, that the login was not ended. */
function before(again) {
  const leave = async () => {
    if (await signOut()) return again();
    said.textContent = "现在连不上，还没有退出。请过一会儿再点。";
  };
  const said = h("span", { role: "status" }, "走访已经清除，登录还没有退出。");
  const lost = lastLeft();
  return [
    lost &&
      h(
        "p",
        { class: "note late" },
        h("b", null, `这部手机里原来还有 ${lost}没有上传，现在找不到了。`),
        h("span", null, "多半是手机存储不够，浏览器把它们清掉了。请告诉社区；导出过的文件交给社区就能录入。"),
      ),
    isStillIn() &&
      h(
        "p",
        { class: "note soon" },
        said,
        h("button", { type: "button", class: "btn plain small", onclick: leave }, "退出登录"),
      ),
  ].filter(Boolean);
}

/** The first opening on this phone: who is it, their PIN, the doors. */
export function setupView(done) {
  const element = h("div", { class: "stack" });
  const say = (heading, words, ...more) =>
    element.replaceChildren(
      ...before(begin),
      h("section", { class: "card" }, h("h1", { tabIndex: -1 }, heading), h("p", null, words), ...more),
    );
  const again = (words = "再试一次") => h("button", { type: "button", class: "btn", onclick: begin }, words);

  async function begin() {
    say("正在准备…", "第一次打开，要取走访名单。");
    const who = await hello();
    if (who) return askPin(who);
    if (line.login === "expired")
      return say("请先登录", "登录以后会回到这里。", h("a", { class: "btn", href: "/doors/entry" }, "去登录"));
    return say("第一次打开要联网", "现在连不上。请到有网的地方再试；以后没有网也能用。", again());
  }

  function askPin(who, first = "") {
    const words = who.device
      ? `${who.name}，请输入您的 6 位 PIN 码。以后没有网时也用它打开。`
      : first
        ? "再输一次，两次要一样。"
        : `${who.name}，请给这部手机设一个 6 位数字 PIN 码，以后没有网时用它打开。`;
    const enter = async (pin) => {
      if (first && pin !== first) {
        askPin(who);
        element.querySelector("[role=alert]").textContent = "两次不一样，请重新设。";
        return "";
      }
      if (!first) {
        const answer = await tell(pin);
        if (answer.status === 401) return begin();
        if (answer.status !== 204) return answer.body?.sentence ?? "现在连不上，请再输一次。";
        if (!who.device) return askPin(who, pin);
      }
      return make(who, pin);
    };
    const heading = who.device ? "请输入 PIN 码" : first ? "再输一次" : "设一个 PIN 码";
    element.replaceChildren(...before(begin), pad(heading, words, enter));
    element.querySelector("#pin").focus();
  }

  async function make(who, pin) {
    const { kept, bytes, use } = await vault.create(pin, who.account);
    const escrow = await escrowOf(who.key, bytes);
    bytes.fill(0);
    const community = { name: who.community };
    // Another window may have been faster: then its PIN is asked for here too.
    if (!(await claim({ vault: kept, escrow, community, contact: Date.now() }))) return location.reload();
    use();
    changed("set up");
    state.account = who.account;
    // Without this a phone that runs out of room may throw everything away.
    state.lasting = (await navigator.storage?.persist?.()) ?? false;
    await refresh();
    await done();
    send();
  }

  begin();
  return { element, title: "第一次打开" };
}
