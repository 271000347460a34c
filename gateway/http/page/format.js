// Numbers, ages and times as the viewer's locale has them.

const MINUTE = 60,
  HOUR = 3600,
  DAY = 86_400;
const MOST_DECIMALS = 6;

const numbers = new Map(); // making a NumberFormat costs more than a hundred uses of it
const dates = new Map();

function numberFormat(digits) {
  if (!numbers.has(digits)) {
    numbers.set(
      digits,
      new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
  }
  return numbers.get(digits);
}

/** A time in the viewer's zone; `options` as Intl.DateTimeFormat has them. */
export function date(time, options) {
  const key = JSON.stringify(options);
  if (!dates.has(key)) dates.set(key, new Intl.DateTimeFormat(undefined, options));
  return dates.get(key).format(time);
}

/** Decimals that a number's shortest form has: 23.1 has one. */
export function decimalsOf(value) {
  const text = String(value);
  const exponent = /e-(\d+)$/.exec(text);
  if (exponent) return Math.min(MOST_DECIMALS, Number(exponent[1]));
  return Math.min(MOST_DECIMALS, (text.split(".")[1] ?? "").length);
}

export function number(value, decimals) {
  if (value === null || value === undefined) return "–";
  return numberFormat(decimals ?? decimalsOf(value)).format(value);
}

/** With its unit, which a line must not break off. */
export const quantity = (value, unit, decimals) => `${number(value, decimals)}${unit ? `\u00a0${unit}` : ""}`;

/** "12 s", "4 min", "3 h", "2 d": how long ago; never less than nothing. */
export function age(seconds) {
  const passed = Math.max(0, Math.floor(seconds));
  if (passed < 2 * MINUTE) return `${passed} s`;
  if (passed < 2 * HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < 2 * DAY) return `${Math.floor(passed / HOUR)} h`;
  return `${Math.floor(passed / DAY)} d`;
}

export const exact = (time) => date(time, { dateStyle: "medium", timeStyle: "medium" });
export const clock = (time) => date(time, { timeStyle: "medium" });

/** When, as short as it can be said: the day only where it is not today's. */
export function when(time, now) {
  const same = new Date(time).toDateString() === new Date(now).toDateString();
  return same ? clock(time) : exact(time);
}

/** A length of time in words: "5 min", "2 h 10 min". */
export function span(seconds) {
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / MINUTE);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.round(seconds / DAY)} days`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

export const count = (many, one, more = `${one}s`) => `${number(many, 0)} ${many === 1 ? one : more}`;
