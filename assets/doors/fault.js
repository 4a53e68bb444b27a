// What a form still lacks, and what cannot be right, said beside the field while somebody stands at the door: what the
// server would have to turn down is worth nothing afterwards.

import { isEmpty } from "./record.js";
import { today } from "./time.js";

// The register knows nobody who was born before.
const EARLIEST = "1900-01-01";
const GREATEST = 1_000_000;

/**
 * The faults of a form: a sentence by the question's id, `day` and `part`; those of `problems` and of `findings` by index and
 * field; of `edits` by person and field. `any` tells whether there is one at all.
 */
export function faultsOf(form, campaign) {
  const faults = new Map();
  const some = (sentences) => Object.fromEntries(Object.entries(sentences).filter(([, sentence]) => sentence));
  const add = (map, key, sentences) => {
    const told = some(sentences);
    if (Object.keys(told).length) map.set(key, told);
  };
  if (form.outcome === "home")
    for (const question of campaign?.questions ?? []) {
      const sentence = answerFault(question, form.answers[question.id]);
      if (sentence) faults.set(question.id, sentence);
    }
  if (form.outcome === "later") {
    if (!form.again.day) faults.set("day", "请选哪一天");
    else if (form.again.day < today()) faults.set("day", "这一天已经过了，请重新选");
    if (!form.again.part) faults.set("part", "请选什么时候");
  }
  faults.problems = new Map();
  form.problems.forEach((problem, index) => {
    if (isEmpty(problem)) return;
    add(faults.problems, index, {
      text: [...problem.text.trim()].length < 2 && "请写几个字，说清是什么问题",
      category: !problem.category && "请选一类",
      phone: !problem.anonymous && phoneFault(problem.reporter?.phone),
    });
  });
  faults.edits = new Map();
  for (const [person, { fields }] of Object.entries(form.edits))
    add(faults.edits, person, {
      phone: phoneFault(fields.phone),
      birth_date: birthFault(fields.birth_date),
      identity: identityFault(fields.identity),
      name: fields.name !== undefined && !fields.name.trim() && "姓名不能空着",
    });
  faults.findings = new Map();
  form.findings.forEach((found, index) => {
    if (found.kind !== "moved_in" && found.kind !== "born") return;
    add(faults.findings, index, {
      name: !found.name.trim() && "请写姓名",
      phone: phoneFault(found.phone),
      birth_date: birthFault(found.birth_date),
      identity: identityFault(found.identity),
      household: found.household === undefined && "请选是哪一户",
    });
  });
  faults.any = [faults, faults.problems, faults.edits, faults.findings].some(({ size }) => size > 0);
  return faults;
}

function answerFault({ kind, required }, value) {
  if (value === undefined || value === "" || value.length === 0) return required && "这一题要回答";
  if (kind !== "number") return "";
  const isNumber = /^\d+(\.\d+)?$/.test(value) && Number(value) <= GREATEST;
  return isNumber ? "" : "请写数字，比如 3 或 2.5";
}

/** A mobile number, or a landline with its area code. Nothing is no fault. */
export function phoneFault(text) {
  if (!text?.trim()) return "";
  const plain = text.replace(/[\s\-()（）]/g, "").replace(/^(\+86|0086)/, "");
  const isRight = /^1[3-9]\d{9}$/.test(plain) || /^0\d{2,3}\d{7,8}$/.test(plain);
  return isRight ? "" : "号码不对：手机号是 11 位，固定电话要带区号";
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** Seventeen digits and what GB 11643 makes of them, which a slip of the hand seldom meets. Nothing is no fault. */
function identityFault(text) {
  if (!text?.trim()) return "";
  const plain = text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
  if (!/^\d{17}[\dX]$/.test(plain)) return "身份证号是 18 位，最后一位可以是 X，请对照证件核对";
  const sum = WEIGHTS.reduce((sum, weight, index) => sum + weight * plain[index], 0);
  return "10X98765432"[sum % 11] === plain[17] ? "" : "身份证号对不上，很可能有一位写错了，请对照证件核对";
}

function birthFault(day) {
  if (!day) return "";
  if (day > today()) return "出生日期在今天以后，请核对";
  return day < EARLIEST ? "出生日期太早了，请核对" : "";
}
