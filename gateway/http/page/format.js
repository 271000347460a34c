// Numbers, ages and times as the viewer's locale has them.

const MINUTE = 60, HOUR = 3600, DAY = 86_400;

/** Decimals that a number's shortest form has: 23.1 has one. */
export function decimalsOf(value) {
  const text = String(value);
  const exponent = /e-(\d+)$/.exec(text);
  if (exponent) return Math.min(6, Number(exponent[1]));
  return Math.min(6, (text.split(".")[1] ?? "").length);
}

export function number(value, decimals) {
  if (value === null || value === undefined) return "–";
  const digits = decimals ?? decimalsOf(value);
  return new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** "12 s", "4 min", "3 h", "2 d": how long ago; never less than nothing. */
export function age(seconds) {
  const passed = Math.max(0, Math.floor(seconds));
  if (passed < 2 * MINUTE) return `${passed} s`;
  if (passed < 2 * HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (passed < 2 * DAY) return `${Math.floor(passed / HOUR)} h`;
  return `${Math.floor(passed / DAY)} d`;
}

export const exact = (time) =>
  new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(time));

export const clock = (time) =>
  new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(time));

/** A length of time in words: "5 min", "2 h 10 min". */
export function span(seconds) {
  if (seconds < MINUTE) return `${Math.round(seconds)} s`;
  if (seconds < HOUR) return `${Math.round(seconds / MINUTE)} min`;
  const hours = Math.floor(seconds / HOUR);
  if (hours < 48) {
    const minutes = Math.round((seconds % HOUR) / MINUTE);
    return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  }
  return `${Math.round(seconds / DAY)} days`;
}
