// The third view: what happens, as it happens, and what came late or was missed.

import { now } from "./api.js";
import { element, setOptions, setText } from "./dom.js";
import { count, exact, quantity, span, when } from "./format.js";
import { isReading } from "./model.js";

const LATE_S = 10;
const SHOWN = 200;

export class EventsView {
  #paused = null; // the log as it was then
  #pending = 0;

  constructor(model, main) {
    this.model = model;
    const draw = () => this.#draw();
    this.sender = element("select", { "aria-label": "Sensor", onchange: draw });
    this.event = element("select", { "aria-label": "Event", onchange: draw });
    this.text = element("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search events",
      oninput: draw,
    });
    this.late = element("input", { type: "checkbox", onchange: draw });
    this.pause = element(
      "button",
      { type: "button", "aria-pressed": "false", onclick: () => this.#toggle() },
      "Pause",
    );
    this.count = element("p.summary", { role: "status" });
    this.body = element("tbody");
    main.replaceChildren(
      element("h1.hidden", {}, "Events"),
      element(
        "div.tools",
        {},
        this.count,
        element(
          "div.controls",
          {},
          this.text,
          this.sender,
          this.event,
          element("label.check", {}, this.late, "late only"),
          this.pause,
        ),
      ),
      (this.table = element(
        "div.scroll",
        { tabindex: "0", role: "region", "aria-label": "Events, newest first" },
        element(
          "table.events",
          {},
          element(
            "thead",
            {},
            element(
              "tr",
              {},
              ...["Time", "Sensor", "Event", "Value"].map((each) => element("th", { scope: "col" }, each)),
            ),
          ),
          this.body,
        ),
      )),
    );
    this.onEvent = () => {
      if (this.#paused) return;
      cancelAnimationFrame(this.#pending);
      this.#pending = requestAnimationFrame(draw);
    };
    model.addEventListener("event", this.onEvent);
    this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#pending);
    this.model.removeEventListener("event", this.onEvent);
  }

  #toggle() {
    this.#paused = this.#paused ? null : [...this.model.events];
    this.pause.setAttribute("aria-pressed", String(this.#paused !== null));
    this.#draw();
  }

  #draw() {
    const events = this.#paused ?? this.model.events;
    setOptions(this.sender, "All sensors", distinct(events.map((each) => each.sender)));
    setOptions(this.event, "All events", distinct(events.map((each) => each.event)));
    const wanted = this.text.value.trim().toLocaleLowerCase();
    const found = events.filter(
      (each) =>
        (!this.sender.value || each.sender === this.sender.value) &&
        (!this.event.value || each.event === this.event.value) &&
        (!this.late.checked || isLate(each) || each.event === "gap") &&
        (!wanted || this.#said(each).toLocaleLowerCase().includes(wanted)),
    );
    this.table.hidden = found.length === 0;
    this.body.replaceChildren(
      ...found.slice(0, SHOWN).map((each) => row(each, described(each, this.#decimals(each)))),
    );
    setText(this.count, saidOf(found.length, events.length) + (this.#paused ? ", paused" : ""));
  }

  /** As its tile has them. */
  #decimals({ sender }) {
    return this.model.sensors.get(sender)?.decimals;
  }

  #said(entry) {
    return `${entry.sender} ${entry.event} ${described(entry, this.#decimals(entry))}`;
  }
}

function saidOf(found, all) {
  if (!all) return "Nothing has happened yet";
  const which = found === all ? count(all, "event") : `${found} of ${count(all, "event")}`;
  return `${which}${found > SHOWN ? `, the last ${SHOWN} shown` : ""}`;
}

const distinct = (names) => [...new Set(names)].filter(Boolean).sort();

const measuredOf = ({ data }) => (isReading(data) ? Date.parse(data.time) : null);

/** Seconds from when it was measured, or heard, until it was told here. */
const lateness = (entry) => (entry.told - (measuredOf(entry) ?? entry.heard)) / 1000;
// What is said of an old value is not late for that.
const isLate = (entry) => lateness(entry) > LATE_S && entry.event !== "#stale";

const NOTABLE = { gap: ".bad", "#gap": ".bad", "#disconnect": ".bad", "#stale": ".bad", "#connect": ".well" };

function row(entry, what) {
  const { sender, event, heard } = entry;
  return element(
    "tr",
    {},
    element(
      "td",
      {},
      element("time", { title: exact(heard) }, when(heard, now())),
      isLate(entry) ? element("span.badge", {}, `${span(lateness(entry))} late`) : null,
    ),
    element(
      "td",
      {},
      sender ? element("a", { href: `#/sensor/${encodeURIComponent(sender)}` }, sender) : "the gateway",
    ),
    element(
      "td",
      {},
      element(
        `span.event${NOTABLE[event] ?? (event.startsWith("#") ? "" : ".crossed")}`,
        {},
        event.replace(/^#/, ""),
      ),
    ),
    element("td", {}, what),
  );
}

function described(entry, decimals) {
  const { event, data, heard } = entry;
  if (event === "gap") return data?.reason ? `events were missed: ${data.reason}` : "events were missed";
  if (data === null || data === undefined) return "";
  if (!isReading(data)) return typeof data === "string" ? data : (data.reason ?? JSON.stringify(data));
  const quality = data.quality === "good" ? "" : `, ${data.quality}${data.reason ? `: ${data.reason}` : ""}`;
  const measured =
    Math.abs(heard - measuredOf(entry)) > LATE_S * 1000 ? `, measured ${when(measuredOf(entry), heard)}` : "";
  return `${quantity(data.value, data.unit, decimals)}${quality}${measured}${data.clock === "unset" ? ", clock not set" : ""}`;
}
