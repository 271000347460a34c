// The first view of a collector: every gateway of the fleet in a row, what needs a look first.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { age, count, exact, number, span } from "./format.js";

const ASK_MS = 10_000;
const SHOWN = 200; // rows; of more the rest is found by the search
const FAST_S = 1; // a clock that is less ahead or behind is right
const BEHIND = 100; // events to come that are no more than a moment's

const RANK = { gone: 0, wrong: 1, lost: 2, clock: 3, behind: 4, up: 5 };
const WORDS = {
  gone: "not there",
  wrong: "problem",
  lost: "lost events",
  clock: "clock",
  behind: "catching up",
  up: "up",
};
const FILTERS = {
  "": "All",
  gone: "Not there",
  wrong: "With a problem",
  lost: "With losses",
  clock: "Clock wrong",
  behind: "Catching up",
};

/** One of the keys of RANK: the worst that can be said of it. */
export function fareOf(gateway) {
  if (!gateway.up) return "gone";
  if (gateway.problem) return "wrong";
  if (gateway.lost > 0) return "lost";
  if (clockOf(gateway).wrong) return "clock";
  return gateway.waiting > BEHIND ? "behind" : "up";
}

function clockOf({ clock, clock_ahead: ahead }) {
  if (clock && typeof clock === "object" && clock.believed === false) return { text: "not set", wrong: true };
  if (typeof ahead !== "number") return { text: "", wrong: false };
  if (Math.abs(ahead) < FAST_S) return { text: "right", wrong: false };
  return { text: `${span(Math.abs(ahead))} ${ahead > 0 ? "fast" : "slow"}`, wrong: true };
}

export class FleetView {
  #gateways = null;
  #rows = new Map();
  #abort = new AbortController();

  constructor(main) {
    this.about = element("p.summary", { role: "status" }, "Asking the collector…");
    this.search = element("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search gateways",
      value: sessionStorage.getItem("gateways") ?? "",
      oninput: () => {
        sessionStorage.setItem("gateways", this.search.value);
        this.#show();
      },
    });
    this.filter = element(
      "select",
      { "aria-label": "Which gateways", onchange: () => this.#show() },
      ...Object.entries(FILTERS).map(([value, text]) => element("option", { value }, text)),
    );
    this.body = element("tbody");
    this.more = element("p.more");
    const titles = ["Gateway", "State", "Senders", "Last event", "To come", "Lost", "Clock", "Version"];
    this.table = element(
      "div.scroll",
      { tabindex: "0", role: "region", "aria-label": "Gateways, worst first", hidden: true },
      element(
        "table.fleet",
        {},
        element("thead", {}, element("tr", {}, ...titles.map((each) => element("th", { scope: "col" }, each)))),
        this.body,
      ),
    );
    main.replaceChildren(
      element("h1.hidden", {}, "Gateways"),
      element("div.tools", {}, this.about, element("div.controls", {}, this.search, this.filter)),
      this.table,
      this.more,
    );
    this.timers = [setInterval(() => this.#ask(), ASK_MS), setInterval(() => this.#tick(), 1000)];
    this.#ask();
  }

  close() {
    this.#abort.abort();
    this.timers.forEach(clearInterval);
  }

  async #ask() {
    if (document.hidden && this.#gateways) return;
    try {
      this.#gateways = await api.gateways(this.#abort.signal);
      this.#show();
    } catch (error) {
      if (error.name !== "AbortError") setText(this.about, error.message);
    }
  }

  #show() {
    if (!this.#gateways) return;
    const all = this.#gateways.map((gateway) => ({ ...gateway, fares: fareOf(gateway) }));
    const wanted = this.search.value.trim().toLocaleLowerCase();
    const found = all.filter(
      ({ gateway, version, fares }) =>
        (!this.filter.value || fares === this.filter.value) &&
        `${named(gateway)} ${version ?? ""}`.toLocaleLowerCase().includes(wanted),
    );
    const byName = (a, b) => a.gateway.localeCompare(b.gateway, undefined, { numeric: true });
    found.sort((a, b) => RANK[a.fares] - RANK[b.fares] || byName(a, b));
    const shown = found.slice(0, SHOWN);
    this.#rows = new Map(shown.map((gateway) => [gateway, rowOf(gateway)]));
    this.body.replaceChildren(...[...this.#rows.values()].map(({ root }) => root));
    this.table.hidden = shown.length === 0;
    setText(this.about, saidOf(all));
    setText(this.more, moreOf(all.length, found.length, shown.length));
    this.#tick();
  }

  #tick() {
    for (const [{ heard, last_event: last }, { age: cell }] of this.#rows) {
      const time = heard ?? last;
      setText(cell, time ? `${age((api.now() - Date.parse(time)) / 1000)} ago` : "never");
    }
  }
}

/** A name as people gave it: parts of it may be percent-encoded. */
export function named(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function rowOf(gateway) {
  const { heard, last_event: last, fares } = gateway;
  const time = heard ?? last;
  const when = element("td", { "data-label": "Last event", title: time ? exact(Date.parse(time)) : null });
  const href = `#/sensors/${encodeURIComponent(gateway.gateway)}`;
  const senders = gateway.senders ? `${gateway.connected} of ${gateway.senders}` : "";
  const cell = (label, text) => element("td", { "data-label": label }, text);
  const root = element(
    "tr",
    { "data-fares": fares },
    element("th", { scope: "row" }, element("a", { href }, named(gateway.gateway))),
    element("td", {}, element("span.badge", { title: gateway.problem ?? null }, WORDS[fares])),
    cell("Senders", senders),
    when,
    cell("To come", gateway.waiting ? number(gateway.waiting, 0) : ""),
    cell("Lost", gateway.lost ? number(gateway.lost, 0) : ""),
    cell("Clock", clockOf(gateway).text),
    cell("Version", gateway.version ?? ""),
  );
  return { root, age: when };
}

function saidOf(all) {
  if (!all.length) return "No gateway yet: give one `fleet:` in its config, and it appears here by itself";
  const sum = (key) => all.reduce((total, gateway) => total + gateway[key], 0);
  const up = all.filter((gateway) => gateway.up).length;
  const sites = new Set(all.map((gateway) => gateway.site)).size;
  const whole = up === all.length ? `${count(up, "gateway")}, all up` : `${up} of ${count(all.length, "gateway")} up`;
  const facts = [
    sites > 1 && `at ${count(sites, "site")}`,
    sum("senders") && count(sum("senders"), "sender"),
    sum("waiting") > BEHIND && `${count(sum("waiting"), "event")} to come`,
    sum("lost") && `${count(sum("lost"), "event")} lost`,
  ];
  return [whole, ...facts].filter(Boolean).join(", ");
}

function moreOf(all, found, shown) {
  if (all && !found) return "No gateway has that in its name or version.";
  return found > shown ? `and ${count(found - shown, "gateway")} more: search for them by name` : "";
}
