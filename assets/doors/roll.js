// The roll call of a class, without a network too: who has come, who is missing, and with whom a child may go. What is tapped is a
// step that the server takes later, in order; until then this page shows what it will come to.

import { sessions } from "./book.js";
import { h } from "./h.js";
import { line } from "./net.js";
import { refresh as renew, send } from "./outbox.js";
import { countsOf, isOpen, isThere, leftBehind, saidOf, standingOf } from "./presence.js";
import { saveStep } from "./record.js";
import { state } from "./state.js";
import { get, isFull } from "./store.js";
import { clock, mended } from "./time.js";
import { toast } from "./walk.js";

export const rollHref = (session) => `#/roll/${session.id}`;

const standings = { expected: "还没到", here: "到了", on_leave: "请假", absent: "没来", released: "接走了" };
const looks = { here: "tag done", absent: "tag late" };
const after = { arrive: "here", leave: "on_leave", absent: "absent", call: "absent", listed: "released", alone: "released" };
// So it is said that whoever is missing is looked after.
const calls = { on_way: "在路上，马上到", not_coming: "今天不来", no_answer: "没打通" };
const LOOK_AGAIN = 20_000;

const missing = () =>
  h(
    "div",
    { class: "empty card" },
    h("h1", { tabIndex: -1 }, "这次课不在手机里了"),
    h("p", null, "课只在上课那天存在手机里。"),
    h("a", { class: "btn", href: "#/" }, "回名单"),
  );

/** The page of a class. */
export async function rollView(of) {
  const element = h("div", { class: "stack" });
  // Of whom it is asked with whom they go.
  let leaving = "";
  // When this phone has compared its list with the server's.
  let checked = 0;
  // How many were left behind when it was painted: the alarm comes without a tap.
  let behind = 0;

  async function take(step, title, words) {
    const session = sessions().find((one) => one.id === of);
    try {
      const called = step.step === "call" && step.value !== "no_answer";
      const id = await saveStep(session, step, { title, words, standing: after[step.step], called }, state.account);
      leaving = "";
      toast(`${title}：${words}，已存在手机里`);
      await send({ force: true });
      // Who takes a child must hear at once that the guardian does not want it any more.
      if ((await get("receipts", id))?.state === "held") toast(`${title}：${words}，社区没有登记上。请马上联系监护人`);
    } catch (error) {
      toast(isFull(error) ? "手机存储满了，没有记下。请先到“上传”页把前面的传完。" : "没有记下，请再点一次。");
    }
    paint();
  }

  /** With whom a child may go is asked of the server once more, where there is one. */
  async function ask(child) {
    leaving = leaving === child ? "" : child;
    if (leaving && line.online) await renew().catch(console.warn);
    await look();
  }

  const button = (words, onclick, look = "btn plain") => h("button", { type: "button", class: look, onclick }, words);

  function opening(session) {
    const there = session.keepers.filter((keeper) => isThere(session, keeper));
    return h(
      "section",
      { class: "card" },
      h("h2", null, "带班的大人"),
      h("p", { class: "quiet" }, `到场 ${there.length} 位，这些孩子要 ${session.needed} 位。`),
      h(
        "ul",
        { class: "people" },
        session.keepers.map((keeper) =>
          h(
            "li",
            { class: "person" },
            h("b", null, keeper.name),
            isThere(session, keeper)
              ? h("span", { class: "tag done" }, "到了")
              : button("到了", () => take({ step: "came", keeper: keeper.id }, keeper.name, "到场"), "btn plain small"),
          ),
        ),
      ),
      !isOpen(session) &&
        (there.length < session.needed
          ? h("p", { class: "note soon" }, "人到齐了才能开课。请先给到场的人点“到了”。")
          : button("开课", () => take({ step: "open" }, session.title, "开课"), "btn")),
    );
  }

  function cardOf(session, child) {
    const standing = standingOf(session, child);
    const name = child.name;
    const said = saidOf(session, child.id);
    const overdue = standing === "here" && mended(Date.now()) >= session.alarm_at;
    // The server says no more that somebody is to be called once somebody has got through.
    const isMissed = standing === "absent" && !said?.called && (child.standing !== "absent" || child.to_call);
    const act = (words, step, look, shown = words) =>
      button(shown, () => take({ ...step, child: child.id }, name, words), look);
    const came = () => act("到了", { step: "arrive" }, "btn");
    const choices = {
      expected: () => [came(), act("请假", { step: "leave" }), act("没来", { step: "absent" })],
      on_leave: () => [came()],
      absent: () => [came()],
      here: () => [button(leaving === child.id ? "先不走" : "接走", () => ask(child.id), "btn")],
      released: () => [],
    };
    return h(
      "section",
      { class: "card", id: `child-${child.id}` },
      h(
        "div",
        { class: "head" },
        h("h3", null, name, child.grade && h("small", { class: "quiet" }, ` ${child.grade}`)),
        h(
          "span",
          { class: "tags" },
          h("span", { class: overdue ? "tag late" : (looks[standing] ?? "tag") }, overdue ? "没人接" : standings[standing]),
          said?.unsent && h("span", { class: "tag" }, "↑ 未上传"),
        ),
      ),
      said?.held &&
        h(
          "p",
          { class: "note late" },
          h("b", null, `“${said.words}”社区没有登记上`),
          h("span", null, "原因在“上传”页。请马上告诉社区工作人员。"),
        ),
      isMissed && h("p", { class: "note soon" }, `请马上给监护人打电话：${child.call}`),
      isMissed &&
        h(
          "div",
          { class: "actions" },
          Object.entries(calls).map(([value, words]) =>
            button(words, () => take({ step: "call", value, child: child.id }, name, `打过电话，${words}`), "btn plain small"),
          ),
        ),
      h("div", { class: "actions" }, isOpen(session) && choices[standing]()),
      leaving === child.id && standing === "here" && fetchers(session, child, act),
    );
  }

  /** With whom the child may go, as the guardian has laid down; whoever must not is named first. */
  function fetchers(session, child, act) {
    return h(
      "div",
      { class: "stack", role: "group", "aria-label": `谁来接${child.name}` },
      child.barred.length > 0 && h("p", { class: "note late" }, h("b", null, "不能交给"), child.barred.join("、")),
      child.adults.map(({ id, words }) => act(`交给${words}`, { step: "listed", value: id }, "btn plain", `把${child.name}交给${words}`)),
      child.alone && act("自己走", { step: "alone" }),
      h("p", { class: "quiet" }, "接送码、紧急放行要有网："),
      h("a", { class: "btn plain small", href: `/class-sessions/${session.id}` }, "打开有网的点名页"),
    );
  }

  function paint() {
    const session = sessions().find((one) => one.id === of);
    if (!session) {
      element.replaceChildren(missing());
      return;
    }
    const order = ["expected", "here", "absent", "on_leave", "released"];
    const rank = (child) => order.indexOf(standingOf(session, child));
    const children = [...session.children].sort((a, b) => rank(a) - rank(b));
    behind = leftBehind(session);
    element.replaceChildren(
      ...[
        h(
          "header",
          null,
          h("h1", { tabIndex: -1 }, session.title),
          h("p", { class: "quiet" }, `${session.when} · ${session.place}`),
          h("p", null, countsOf(session)),
          h("p", { class: "quiet" }, `名单 ${clock(mended(checked))} 和社区对过${line.online ? "" : "，现在离线"}`),
        ),
        opening(session),
        ...children.map((child) => cardOf(session, child)),
      ].filter(Boolean),
    );
  }

  async function look() {
    checked = (await get("meta", "pack"))?.checked_at ?? 0;
    paint();
  }

  await look();
  const timer = setInterval(() => {
    if (!element.isConnected) return clearInterval(timer);
    const session = sessions().find((one) => one.id === of);
    if (!session || leftBehind(session) !== behind) paint();
  }, LOOK_AGAIN);
  return { element, title: "点名", back: { href: "#/", words: "名单" }, refresh: look };
}
