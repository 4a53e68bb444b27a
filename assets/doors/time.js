// Days and moments, as people say them.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const weekdays = ["周日", "周一", "周二", "周三", "周四", "周五", "周六"];

export const parts = [
  { value: "morning", label: "上午", from: 0 },
  { value: "afternoon", label: "下午", from: 12 },
  { value: "evening", label: "晚上", from: 17 },
];

/** How far the server's clock is ahead of this phone's, in milliseconds. */
let ahead = 0;

export const setAhead = (difference) => {
  ahead = difference;
};

// A phone whose clock is days off must not knock on the wrong day: days are counted by the server's clock.
const now = () => Date.now() + ahead;

/** A moment that this phone has noted down, by the server's clock. */
export const mended = (moment) => moment + ahead;

/** How far the server's clock is known to be ahead now. */
export const known = () => ahead;

// So much may lie between the server's answer and the moment at which this phone noted it.
const SLACK = 120_000;

/**
 * How far the server's clock was ahead when `row` was made: what the phone knew then (`ahead`), if that puts the moment between
 * the contact before it (`since`, by the server's clock) and now. Otherwise the phone's clock had gone wrong without its
 * knowing, and what is known now says more.
 */
export function aheadOf({ made_at, ahead: then, since }) {
  const made = made_at + then;
  return made >= since - SLACK && made <= now() + SLACK ? then : ahead;
}

/** What the clock by which `row` was made would say now, even if it has been set right since. The server asks for this. */
export const sentAt = (row) => now() - aheadOf(row);

const two = (number) => String(number).padStart(2, "0");

/** YYYY-MM-DD of a moment, by this phone's own calendar. */
export function dayOf(moment) {
  const date = new Date(moment);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export const today = () => dayOf(now());

/** The day `count` days from now. */
export function daysAhead(count) {
  const date = new Date(now());
  date.setDate(date.getDate() + count);
  return dayOf(date);
}

/** Whether the day and the part of it that were agreed on are here, or over. */
export function hasCome({ day, part }) {
  const from = parts.find((one) => one.value === part)?.from ?? 0;
  return day < today() || (day === today() && new Date(now()).getHours() >= from);
}

/** “今晚”, “明天上午”, “周六下午”, “12月3日 周三上午”; with `brief`, the last is “12月3日”. */
export function appointment(day, part, { brief = false } = {}) {
  const words = parts.find((one) => one.value === part)?.label ?? "";
  if (day === today()) return part === "evening" ? "今晚" : `今天${words}`;
  if (day === daysAhead(1)) return `明天${words}`;
  const date = new Date(`${day}T12:00`);
  const weekday = weekdays[date.getDay()];
  const near = date - now() < 6 * DAY && date > now();
  if (near) return `${weekday}${words}`;
  const far = `${date.getMonth() + 1}月${date.getDate()}日`;
  return brief ? far : `${far} ${weekday}${words}`;
}

/** “刚才”, “8 分钟前”, “3 小时前”, “2 天前”, of a moment that this phone has noted down. */
export function ago(moment) {
  const past = Math.max(0, Date.now() - moment);
  if (past < MINUTE) return "刚才";
  if (past < HOUR) return `${Math.floor(past / MINUTE)} 分钟前`;
  if (past < 2 * DAY) return `${Math.floor(past / HOUR)} 小时前`;
  return `${Math.floor(past / DAY)} 天前`;
}

/** Since when the oldest has been waiting, in the bar. */
export const sinceWords = (moment) => (Date.now() - moment < MINUTE ? "刚才存的" : `最早 ${ago(moment)}`);

/** The next Saturday that is neither today nor tomorrow. */
export function nextSaturday() {
  const count = (6 - new Date(now()).getDay() + 7) % 7;
  return daysAhead(count < 2 ? count + 7 : count);
}

/** “10:32” today, “11月23日 10:32” otherwise; the moment is one of the server's clock. */
export function clock(moment) {
  const date = new Date(moment);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return dayOf(moment) === today() ? time : `${date.getMonth() + 1}月${date.getDate()}日 ${time}`;
}

/** YYYYMMDD-HHmm, for the name of a file. */
export function stamp(moment) {
  const date = new Date(moment);
  return `${dayOf(moment).replaceAll("-", "")}-${two(date.getHours())}${two(date.getMinutes())}`;
}
