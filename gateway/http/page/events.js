// The third view: what happens, as it happens, and what came late or was missed.

import { element, setText } from "./dom.js";
import { clock, exact, number } from "./format.js";
import { isReading } from "./model.js";

const LATE_S = 10;
const SHOWN = 200;

export class EventsView {
  #paused = false;
  #pending = 0;

  constructor(model, main) {
    this.model = model;
    this.sender = element("select", { "aria-label": "Sensor", onchange: () => this.#draw() });
    this.event = element("select", { "aria-label": "Event", onchange: () => this.#draw() });
    this.text = element("input", { type: "search", placeholder: "Search", "aria-label": "Search events", oninput: () => this.#draw() });
    this.pause = element("button", { type: "button", "aria-pressed": "false", onclick: () => this.#toggle() }, "Pause");
    this.count = element("p.summary", { role: "status" });
    this.body = element("tbody");
    main.replaceChildren(
      element("h1.hidden", {}, "Events"),
      element("div.tools", {}, this.count, this.text, this.sender, this.event, this.pause),
      element("div.scroll", { tabindex: "0", role: "region", "aria-label": "Events, newest first" },
        element("table.events", {},
          element("thead", {}, element("tr", {}, ...["Time", "Sensor", "Event", "Value"].map((each) => element("th", { scope: "col" }, each)))),
          this.body)));
    this.onEvent = () => {
      if (this.#paused || this.#pending) return;
      this.#pending = requestAnimationFrame(() => { this.#pending = 0; this.#draw(); });
    };
    model.addEventListener("event", this.onEvent);
    this.#draw();
  }

  close() {
    cancelAnimationFrame(this.#pending);
    this.model.removeEventListener("event", this.onEvent);
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.pause.setAttribute("aria-pressed", String(this.#paused));
    setText(this.pause, this.#paused ? "Go on" : "Pause");
    this.#draw();
  }

  #draw() {
    this.#options(this.sender, "All sensors", this.model.events.map((each) => each.sender).filter(Boolean));
    this.#options(this.event, "All events", this.model.events.map((each) => each.event));
    const wanted = this.text.value.trim().toLocaleLowerCase();
    const found = this.model.events.filter((each) =>
      (!this.sender.value || each.sender === this.sender.value) &&
      (!this.event.value || each.event === this.event.value) &&
      (!wanted || `${each.sender} ${each.event} ${JSON.stringify(each.data)}`.toLocaleLowerCase().includes(wanted)));
    this.body.replaceChildren(...found.slice(0, SHOWN).map(row));
    setText(this.count, found.length ? `${found.length} events since the page was opened${this.#paused ? ", paused" : ""}` : "Nothing has happened since the page was opened");
  }

  #options(select, all, names) {
    const known = [...new Set(names)].sort();
    if (known.join("\n") === select.dataset.known) return;
    const chosen = select.value;
    select.dataset.known = known.join("\n");
    select.replaceChildren(element("option", { value: "" }, all), ...known.map((each) => element("option", { value: each }, each)));
    select.value = known.includes(chosen) ? chosen : "";
  }
}

function row({ sender, event, data, heard }) {
  const measured = isReading(data) ? Date.parse(data.time) : null;
  const late = measured !== null && (heard - measured) / 1000 > LATE_S;
  const time = element("time", { title: exact(measured ?? heard) }, clock(measured ?? heard));
  return element(event === "gap" ? "tr.bad" : late ? "tr.late" : "tr", {},
    element("td", {}, time, late ? " late" : null),
    element("td", {}, sender ? element("a", { href: `#/sensor/${encodeURIComponent(sender)}` }, sender) : ""),
    element("td", {}, event),
    element("td", {}, described(data)));
}

function described(data) {
  if (data === null || data === undefined) return "";
  if (!isReading(data)) return typeof data === "string" ? data : JSON.stringify(data);
  const quality = data.quality === "good" ? "" : `, ${data.quality}${data.reason ? `: ${data.reason}` : ""}`;
  return `${number(data.value)} ${data.unit}${quality}`;
}
