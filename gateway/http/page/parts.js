// What the views of a sensor share: its limits, its badge, its age.

import { element } from "./dom.js";
import { age, exact, number } from "./format.js";
import { WORDS, ageOf, stateOf, thresholdsOf } from "./model.js";

/** One chip for each threshold; those that are crossed stand out, by more than their color. */
export function limits(sensor) {
  return thresholdsOf(sensor).map(({ event, limit, rising, crossed }) => {
    const text = `${event} ${rising ? "≥" : "≤"} ${number(limit)}`;
    return crossed
      ? element(
          "span.limit.crossed",
          { title: "crossed" },
          `${rising ? "▲" : "▼"} ${text}`,
          element("span.hidden", {}, " crossed"),
        )
      : element("span.limit", {}, text);
  });
}

/** What is wrong, in a word or two; nothing where all is well. */
export function badges(sensor) {
  const words = [WORDS[stateOf(sensor).state]];
  if (sensor.reading?.clock === "unset") words.push("clock not set");
  return words.filter(Boolean).map((word) => element("span.badge", {}, word));
}

/** {text, title}: how old the value is, and when it was measured. */
export function aged(sensor) {
  const seconds = ageOf(sensor);
  if (seconds === null) return { text: "never", title: "" };
  const unset = sensor.reading.clock === "unset" ? "; the gateway's clock was not set then" : "";
  return { text: `${age(seconds)} ago`, title: `measured ${exact(Date.parse(sensor.reading.time))}${unset}` };
}
