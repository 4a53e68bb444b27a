// The questions of a campaign, and when to come again.

import { h, textField, tiles } from "./h.js";
import { appointment, daysAhead, nextSaturday, parts, today } from "./time.js";

const yesNo = [
  { value: "yes", label: "是" },
  { value: "no", label: "否" },
];

export function questionsOf(form, campaign, touch, faults) {
  const questions = campaign?.questions ?? [];
  if (!questions.length) return null;
  return h(
    "section",
    { class: "card answers", tabIndex: -1, "aria-label": "问题和回答" },
    questions.map((question) => ask(question, form, touch, faults)),
  );
}

function ask(question, form, touch, faults) {
  const legend = question.required ? question.text : `${question.text}（可不答）`;
  const error = faults.get(question.id) ?? "";
  const write = (value) => {
    form.answers[question.id] = value;
    touch();
  };
  const value = form.answers[question.id];
  switch (question.kind) {
    case "yes_no":
      return tiles(legend, yesNo, value, write, { error });
    case "choice":
      return tiles(legend, question.options, value, write, { error });
    case "choices":
      return tiles(legend, question.options, value, write, { error, many: true, hint: "可以选几样" });
    case "number":
      return textField(legend, value, (text) => write(text.trim()), { inputmode: "decimal", maxlength: 12, error });
    default:
      return textField(legend, value, write, { maxlength: 500, error });
  }
}

/** Which day and which part of it somebody will knock again. */
export function whenOf(form, touch, faults) {
  const section = h("section", { class: "card answers", tabIndex: -1, "aria-label": "改约" });
  const saturday = nextSaturday();
  const days = [
    { value: "tonight", label: "今晚" },
    { value: daysAhead(1), label: "明天" },
    { value: saturday, label: appointment(saturday, "") },
    { value: "other", label: "另选" },
  ];
  const { again } = form;

  function choose(value) {
    const tonight = value === "tonight";
    again.other = value === "other";
    again.day = tonight ? today() : again.other ? "" : value;
    if (tonight) again.part = "evening";
    faults.delete("day");
    touch();
    paint();
  }

  function paint() {
    const isTonight = again.day === today() && again.part === "evening";
    const chosen = again.other
      ? "other"
      : isTonight
        ? "tonight"
        : days.some((one) => one.value === again.day)
          ? again.day
          : again.day && "other";
    section.replaceChildren(
      tiles("哪一天", days, chosen, choose, {
        error: faults.get("day") ?? "",
      }),
      ...(chosen === "other"
        ? [
            textField(
              "日期",
              again.day,
              (value) => {
                again.day = value;
                touch();
              },
              { type: "date", min: today() },
            ),
          ]
        : []),
      tiles(
        "什么时候",
        parts,
        again.part,
        (value) => {
          again.part = value;
          touch();
        },
        { error: faults.get("part") ?? "" },
      ),
    );
  }

  paint();
  return section;
}
