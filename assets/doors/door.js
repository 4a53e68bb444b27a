// One door: who lives here, what happened, and on to the next. What is said most often takes one tap.

import { alsoDue, campaignBy, doorBy, nextOf, outcomes, standing } from "./book.js";
import { keepDraft, readDraft } from "./draft.js";
import { h, icon, textField } from "./h.js";
import { problemsOf } from "./problem.js";
import { questionsOf, whenOf } from "./question.js";
import { registerOf } from "./person.js";
import { faultsOf } from "./fault.js";
import { isBusy, made } from "./photo.js";
import { blank, save } from "./record.js";
import { isFull } from "./store.js";
import { state } from "./state.js";
import { send } from "./outbox.js";
import { doorHref, goOn, tagOf, toast } from "./walk.js";
import { clock, mended } from "./time.js";
import * as vault from "./vault.js";

const QUICK = ["nobody", "refused", "vacant"];
// The button of the door before lay in the same place: a second tap that was meant for that one must not reach this door.
const SETTLING = 600;

/** The page of a door. `begin` is an outcome that was tapped on the way here. */
export async function doorView(id, begin) {
  const kept = await readDraft(id);
  const door = doorBy(id) ?? (kept?.door && { ...kept.door, gone: true });
  if (!door) return missing();
  const campaign = campaignBy(door.campaign) ?? kept?.campaign;
  const form = { ...blank(), ...kept?.form };
  const warning = h("div", { role: "alert" });
  const draft = keepDraft(door, campaign, form, warn);
  const element = h("div", { class: "visit" });
  const dock = h("div", { class: "dock" });
  const body = h("div", { class: "stack" });
  let faults = new Map();

  function warn(why) {
    const words =
      why === "elsewhere"
        ? "这一户也在另一个窗口里填写：两边都会存，后改的那边算数。请关掉一个窗口。"
        : why === "saved"
          ? "这一户刚在另一个窗口里保存了。这里再保存，会多记一次走访。"
          : isFull(why)
            ? "手机存储满了，正在填的内容还没有存下。请不要关掉这一页，先到“上传”把前面的传完，再回来点保存。"
            : "正在填的内容没有存下，请不要关掉这一页，再点一次保存。";
    warning.replaceChildren(h("p", { class: "note late" }, words));
  }

  const touch = (atOnce = false) => {
    draft.touch();
    return atOnce && draft.flush();
  };
  const choose = (outcome) => {
    if (QUICK.includes(outcome)) return keep(outcome);
    form.outcome = outcome;
    touch();
    paint();
    const answers = element.querySelector(".answers");
    answers?.focus({ preventScroll: true });
    answers?.scrollIntoView();
  };

  function paint() {
    const said = form.outcome;
    body.replaceChildren(
      ...[
        !said &&
          campaign?.words &&
          h("details", { class: "act" }, h("summary", null, "开场白"), h("p", null, campaign.words)),
        said === "home" && questionsOf(form, campaign, touch, faults),
        said === "later" && whenOf(form, touch, faults),
        problemsOf(form, door, touch, faults.problems),
        registerOf(form, door, touch, faults),
        h(
          "div",
          { class: "card" },
          textField(
            "备注（可不写）",
            form.note,
            (value) => {
              form.note = value;
              touch();
            },
            { tag: "textarea", class: "brief", maxlength: 500 },
          ),
        ),
      ].filter(Boolean),
    );
    dock.replaceChildren(...(said === "home" || said === "later" ? [again(), saveButton()] : buttons()));
  }

  const buttons = () => [
    h("h2", { class: "vh" }, "这次走访"),
    h(
      "div",
      { class: "outcomes" },
      Object.entries(outcomes).map(([value, label]) =>
        h(
          "button",
          { type: "button", class: value === "home" ? "btn" : "btn plain", onclick: () => choose(value) },
          label,
        ),
      ),
    ),
  ];
  const again = () =>
    h("button", { type: "button", class: "btn plain", onclick: () => choose("") }, `${outcomes[form.outcome]} · 重选`);
  const saveButton = () => h("button", { type: "button", class: "btn", onclick: () => keep(form.outcome) }, "保存");

  /** Saves, says so only when it is on the disk, and goes on. */
  async function keep(outcome) {
    if (isBusy(form.problems) && !(await photosMade())) return;
    const meant = { ...form, outcome };
    faults = faultsOf(meant, campaign);
    if (faults.any) {
      paint();
      const first = element.querySelector(".invalid");
      first?.focus();
      first?.scrollIntoView({ block: "center" });
      return;
    }
    for (const button of dock.querySelectorAll("button")) button.disabled = true;
    const undoable = QUICK.includes(outcome);
    const next = nextOf(door);
    await draft.end();
    try {
      const saved = await save(meant, door, campaign, state.account, { undoable });
      toast(`${door.room} ${outcomes[outcome]}，已存在手机里`, undoable && { id: saved.id, form, door });
      if (!undoable) send();
      goOn(door, next);
    } catch (error) {
      draft.revive();
      for (const button of dock.querySelectorAll("button")) button.disabled = false;
      refuse(error);
    }
  }

  /** A photo that is still being made belongs to the visit. Where one fails, its words must be read before the door goes. */
  async function photosMade() {
    const buttons = [...dock.children];
    dock.replaceChildren(h("p", { role: "status" }, "照片正在存，存好就保存…"));
    const all = await made(form.problems);
    dock.replaceChildren(...buttons);
    return all;
  }

  function refuse(error) {
    const words = isFull(error)
      ? [
          "手机存储满了，这一户没有保存。",
          "填的内容还在这一页，请不要关掉。到“上传”页点“立即上传”，传完的照片会自动删掉、腾出地方；也可以删掉手机里别的照片或应用，再回来点保存。",
        ]
      : error instanceof vault.Locked
        ? ["手机锁上了，这一户没有保存。", "输入 PIN 码后再点保存，填的内容还在。"]
        : ["没有保存成功。", "填的内容还在这一页。请再点一次保存；还不行就截图给社区。"];
    warning.replaceChildren(
      h(
        "div",
        { class: "note late" },
        h("b", null, words[0]),
        h("span", null, words[1]),
        h("a", { href: "#/upload" }, "去上传"),
      ),
    );
    warning.scrollIntoView({ block: "center" });
  }

  element.append(head(door, kept), warning, people(door), body, dock);
  if (begin) {
    if (begin !== form.outcome) {
      form.outcome = begin;
      touch();
    }
    // It is said once: read again, the address must not override what was chosen after it.
    const said = `${doorHref(door)}/${begin}`;
    if (location.hash === said) history.replaceState(history.state, "", doorHref(door));
  }
  paint();
  for (const button of dock.querySelectorAll(".outcomes button")) {
    button.disabled = true;
    setTimeout(() => (button.disabled = false), SETTLING);
  }
  // What is written is saved at once, and it is told whether it could be. A photo that is being made is waited for: read
  // without it, the draft would lose it.
  const leave = async () => {
    await draft.flush();
    await made(form.problems);
    return draft.flush();
  };
  // The number of the door stands on the page and not in its title, which the browser keeps in its history.
  return { element, title: "这一户", back: { href: "#/", words: `${door.building}${door.unit}` }, leave };
}

function head(door, kept) {
  const now = standing(door);
  const other = alsoDue(door);
  const words = [door.last_words, door.again_words].filter(Boolean).join(" · ");
  return h(
    "header",
    { class: "doorhead" },
    h(
      "div",
      null,
      h("h1", { tabIndex: -1 }, door.room),
      door.care && h("span", { class: "tag soon" }, door.care),
      now.kind && h("span", { class: tagOf(now) }, now.words),
      now.unsent && h("span", { class: "tag" }, "↑ 未上传"),
    ),
    h(
      "p",
      { class: "quiet" },
      `${door.estate} ${door.building}${door.unit}${door.floor === null ? "" : ` ${door.floor}层`}`,
    ),
    words && h("p", { class: "quiet" }, words),
    door.gone && h("p", { class: "note soon" }, "这户现在不在您的名单里。在这里填好的还会上传。"),
    other &&
      h("p", { class: "note" }, h("a", { href: doorHref(other) }, `“${campaignBy(other.campaign)?.title ?? "另一次走访"}”也有这户`)),
    kept && h("p", { class: "note" }, `上次填到一半（${clock(mended(kept.at))}），已经接上。`),
  );
}

function people(door) {
  if (!door.households.length) return h("p", { class: "card quiet" }, "还没有登记住户。");
  return h(
    "div",
    { class: "stack" },
    door.households.map((household) =>
      h(
        "section",
        { class: "card dwellers" },
        h("h2", { class: door.households.length > 1 ? "" : "vh" }, `${household.head}家`),
        h(
          "ul",
          { class: "list" },
          household.people.map((person) =>
            h(
              "li",
              null,
              h(
                "span",
                null,
                h("b", null, person.name),
                " ",
                h("span", { class: "quiet" }, [person.relation, person.words].filter(Boolean).join(" · ")),
              ),
              person.tags?.length || person.phone
                ? h(
                    "span",
                    { class: "tags" },
                    person.tags.map((tag) => h("span", { class: "tag" }, tag)),
                    person.phone && h("span", { class: "quiet num" }, person.phone),
                  )
                : null,
            ),
          ),
        ),
      ),
    ),
  );
}

const missing = () => ({
  element: h(
    "div",
    { class: "empty card" },
    icon("door"),
    h("h1", { tabIndex: -1 }, "名单里没有这一户"),
    h("p", null, "可能这次走访已经结束。"),
    h("a", { class: "btn", href: "#/" }, "回到名单"),
  ),
  title: "没有这一户",
  back: { href: "#/", words: "名单" },
});
