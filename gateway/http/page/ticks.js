// Where the lines of an axis are: round values, and round times in the viewer's own time zone.

const SECOND = 1000,
  MINUTE = 60 * SECOND,
  HOUR = 60 * MINUTE,
  DAY = 24 * HOUR;

// Up to a day, multiples since the day's own beginning; the greater ones by the calendar.
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200].map(
  (seconds) => seconds * SECOND,
);
const CALENDAR_STEPS = [
  ["day", 1],
  ["day", 2],
  ["day", 3],
  ["day", 7],
  ["day", 14],
  ["month", 1],
  ["month", 2],
  ["month", 3],
  ["month", 6],
  ["month", 12],
  ["month", 24],
  ["month", 60],
];

/** Round values from low to high, about `wanted` of them: {values, step, decimals}. */
export function valueTicks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0) || !Number.isFinite(rough)) return { values: [low], step: 1, decimals: 1 };
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * power).find((each) => each >= rough * 0.999);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const values = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    values.push(Number((index * step).toFixed(decimals)));
  }
  return { values, step, decimals };
}

/** Round times from `since` to `until` (ms), at most `most` of them: {times, step}; step in ms, about. */
export function timeTicks(since, until, most) {
  const least = (until - since) / Math.max(1, most);
  const step = CLOCK_STEPS.find((each) => each >= least);
  return step ? clockTicks(since, until, step) : calendarTicks(since, until, least);
}

function clockTicks(since, until, step) {
  const times = [];
  const day = new Date(since);
  day.setHours(0, 0, 0, 0);
  while (day.getTime() <= until) {
    const next = new Date(day);
    next.setDate(next.getDate() + 1); // 23 or 25 hours on two days of the year
    for (let time = day.getTime(); time < next.getTime() && time <= until; time += step) {
      // The hour that is left out or comes twice must not move what follows: each is round by the clock.
      const shift = (new Date(time).getTimezoneOffset() - day.getTimezoneOffset()) * MINUTE;
      const round = step > HOUR / 2 ? time + shift : time;
      if (round >= since && round <= until) times.push(round);
    }
    day.setTime(next.getTime());
  }
  return { times, step };
}

function calendarTicks(since, until, least) {
  const size = ([unit, count]) => count * (unit === "day" ? DAY : 30.4 * DAY);
  const [unit, count] = CALENDAR_STEPS.find((each) => size(each) >= least) ?? CALENDAR_STEPS.at(-1);
  const times = [];
  const date = new Date(since);
  date.setHours(0, 0, 0, 0);
  if (unit === "month") date.setMonth(date.getMonth() - (date.getMonth() % Math.min(count, 12)), 1);
  for (
    ;
    date.getTime() <= until;
    unit === "day" ? date.setDate(date.getDate() + count) : date.setMonth(date.getMonth() + count)
  ) {
    if (date.getTime() >= since) times.push(date.getTime());
  }
  return { times, step: size([unit, count]) };
}

/** How a time of such ticks is written: two lines, the greater unit only where it changes. `written(time, options)`
 *  is a time as Intl.DateTimeFormat writes it. */
export function tickLabel(time, before, step, written) {
  const date = new Date(time),
    last = before === undefined ? null : new Date(before);
  const format = (options) => written(time, options);
  const sameDay = last && last.toDateString() === date.toDateString();
  if (step < DAY) {
    const clock = format(
      step < MINUTE
        ? { hour: "numeric", minute: "2-digit", second: "2-digit" }
        : { hour: "numeric", minute: "2-digit" },
    );
    return [clock, sameDay ? "" : format({ weekday: "short", day: "numeric", month: "short" })];
  }
  const sameYear = last && last.getFullYear() === date.getFullYear();
  if (step < 28 * DAY)
    return [format({ day: "numeric", month: "short" }), sameYear ? "" : format({ year: "numeric" })];
  return [format({ month: "short" }), sameYear ? "" : format({ year: "numeric" })];
}
