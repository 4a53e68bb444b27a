// A problem that somebody tells at the door: in their words, with a kind and a photo, and by whom.

import { book } from "./book.js";
import { h, icon, tiles, textField } from "./h.js";
import { forget } from "./outbox.js";
import { photosOf } from "./photo.js";

const SHOWN = 6;

export const blankProblem = () => ({
  category: "",
  text: "",
  place_text: "",
  anonymous: false,
  reporter: null,
  photos: [],
});

/** The problems of a form. `touch()` is called after each change; `faults` names what is missing, by index. */
export function problemsOf(form, door, touch, faults = new Map()) {
  const section = h("section", { class: "card", "aria-label": "问题" });
  const paint = (focus) => {
    section.replaceChildren(
      ...form.problems.map((problem, index) => editor(problem, index)),
      h(
        "button",
        { type: "button", class: "btn plain wide-btn", onclick: add },
        icon("issue"),
        form.problems.length ? "再记一个问题" : "记问题",
      ),
    );
    section.querySelector(focus)?.focus();
  };
  const add = () => {
    form.problems.push(blankProblem());
    touch();
    paint(".problem:last-of-type textarea");
  };
  const remove = (problem) => {
    form.problems = form.problems.filter((one) => one !== problem);
    touch(true);
    for (const id of problem.photos) forget({ id });
    paint(".wide-btn");
  };

  function editor(problem, index) {
    const kinds = h("div");
    let all = false;
    const paintKinds = () =>
      kinds.replaceChildren(...categoryTiles(problem, all, touch, showAll, faults.get(index)?.category));
    const showAll = () => {
      all = true;
      paintKinds();
    };
    const text = textField(
      "什么问题",
      problem.text,
      (value) => {
        problem.text = value;
        touch();
        // While somebody writes, not when they tap elsewhere: a tile must not move away from under the thumb.
        paintKinds();
      },
      { tag: "textarea", maxlength: 1000, placeholder: "比如：楼道灯不亮，有三天了", error: faults.get(index)?.text },
    );
    paintKinds();
    return h(
      "fieldset",
      { class: "problem" },
      h("legend", { class: "vh" }, `第 ${index + 1} 个问题`),
      h(
        "div",
        { class: "head" },
        h("h2", null, `问题 ${index + 1}`),
        h("button", { type: "button", class: "btn plain small", onclick: () => remove(problem) }, "不记了"),
      ),
      text,
      kinds,
      photosOf(problem, door, touch),
      textField(
        "在哪里（就在这一户可不写）",
        problem.place_text,
        (value) => {
          problem.place_text = value;
          touch();
        },
        { maxlength: 100 },
      ),
      reporterOf(problem, door, touch, faults.get(index)?.phone),
    );
  }

  paint();
  return section;
}

/** Categories as tiles: those whose hint speaks of what was written come first. */
function categoryTiles(problem, all, touch, showAll, fault) {
  const scored = (book.words.categories ?? []).map((one) => ({ ...one, fits: fits(one, problem.text) }));
  const sorted = [...scored].sort((a, b) => b.fits - a.fits).map((one) => ({ ...one, mark: one.fits ? "可能是" : "" }));
  const chosen = sorted.findIndex((one) => one.value === problem.category);
  const shown = all || chosen >= SHOWN ? sorted : sorted.slice(0, SHOWN);
  const write = (value) => {
    problem.category = value;
    touch();
  };
  return [
    tiles("哪一类", shown, problem.category, write, { error: fault ?? "" }),
    shown.length < sorted.length &&
      h("button", { type: "button", class: "btn plain small", onclick: showAll }, "更多类别"),
  ].filter(Boolean);
}

// Two characters that stand side by side in both are enough of a likeness.
function fits(category, text) {
  const known = `${category.label} ${category.hint ?? ""}`;
  const pairs = [...text].slice(0, 60).map((_, index, all) => all.slice(index, index + 2).join(""));
  return pairs.filter((pair) => pair.trim().length === 2 && known.includes(pair)).length;
}

/** Who says so: one of the household, somebody else, or nobody by name. */
function reporterOf(problem, door, touch, fault) {
  const people = door.households.flatMap((household) => household.people);
  const other = h("div", { class: "pair" });
  const options = [
    ...people.map((person) => ({ value: person.id, label: person.name, mark: person.relation })),
    { value: "other", label: "别人" },
    { value: "anonymous", label: "不留姓名" },
  ];
  const before = people.find((person) => problem.reporter?.resident === person.id);
  if (!problem.reporter && !problem.anonymous && people.length) problem.reporter = named(people[0]);
  const chosen = problem.anonymous
    ? "anonymous"
    : (before?.id ?? problem.reporter?.resident ?? (problem.reporter ? "other" : ""));
  const paint = (value) => {
    const reporter = problem.reporter;
    const set = (name) => (text) => {
      reporter[name] = text;
      touch();
    };
    const fields =
      value === "other"
        ? [
            textField("姓名", reporter.name, set("name"), { maxlength: 30 }),
            textField("电话", reporter.phone, set("phone"), { type: "tel", maxlength: 20, error: fault }),
          ]
        : [];
    other.replaceChildren(...fields);
  };
  const write = (value) => {
    problem.anonymous = value === "anonymous";
    const person = people.find((one) => one.id === value);
    problem.reporter = person ? named(person) : value === "other" ? { name: "", phone: "" } : null;
    paint(value);
    touch();
  };
  paint(chosen);
  return h("div", null, tiles("谁反映的", options, chosen, write), other);
}

// The phone of somebody on the register comes masked and would be no phone; the server has the real one.
const named = (person) => ({ resident: person.id, name: person.name, phone: "" });
