// The second view: one sensor, now and then: its value, a live read, and its history beside others'.

import { element, setText } from "./dom.js";
import { exact, number } from "./format.js";
import { HistoryPanel } from "./history.js";
import { icon } from "./icons.js";
import { stateOf } from "./model.js";
import { aged, badges, limits } from "./parts.js";
import { ReadNow } from "./readnow.js";

const TURNS = new Set(["#connect", "#disconnect", "#stale"]); // the chart shows at once that a gap began or ended

export class SensorView {
  constructor(model, main, name) {
    this.model = model;
    this.name = name;
    this.icon = element("span.icon-of");
    this.badges = element("span.badges");
    this.value = element("span.value");
    this.unit = element("span.unit");
    this.age = element("span.age");
    this.about = element("p.about");
    this.why = element("p.why");
    this.limits = element("p.limits");
    this.read = new ReadNow(name, () => this.#sensor?.decimals);
    this.panel = new HistoryPanel(model, name);
    this.now = element(
      "div.about-now",
      {},
      element("div.title", {}, this.icon, element("h1", {}, name), this.badges),
      element("p.reading.big", {}, this.value, this.unit, this.age),
      this.why,
      this.about,
      this.limits,
    );
    this.head = element("div.head", {}, this.now, this.read.root);
    main.replaceChildren(
      element("p.crumb", {}, element("a", { href: model.home }, "← All sensors")),
      this.head,
      this.panel.root,
    );
    this.chart = this.panel.chart;
    this.listeners = [
      [
        "sensor",
        ({ detail }) => {
          if (detail === name) this.#show();
        },
      ],
      [
        "list",
        () => {
          this.#show();
          this.panel.choices();
        },
      ],
      [
        "event",
        ({ detail }) => {
          if (detail.sender === name && TURNS.has(detail.event)) this.panel.load();
        },
      ],
    ];
    for (const [kind, listener] of this.listeners) model.addEventListener(kind, listener);
    this.timer = setInterval(() => this.#tick(), 1000);
    this.#show();
  }

  close() {
    clearInterval(this.timer);
    this.panel.close();
    for (const [kind, listener] of this.listeners) this.model.removeEventListener(kind, listener);
  }

  get #sensor() {
    return this.model.sensors.get(this.name);
  }

  #show() {
    const sensor = this.#sensor;
    this.read.button.hidden = !sensor;
    if (!sensor) {
      setText(this.about, "The gateway does not know this sensor (any more).");
      return;
    }
    const { state, text } = stateOf(sensor),
      { reading } = sensor;
    this.now.dataset.state = state;
    if (this.icon.dataset.kind !== sensor.kind) {
      this.icon.dataset.kind = sensor.kind;
      this.now.dataset.kind = sensor.kind;
      this.icon.replaceChildren(icon(sensor.kind)); // which kind it is stands below
    }
    setText(this.value, number(reading?.value ?? null, sensor.decimals));
    setText(this.unit, reading?.unit ?? "");
    this.badges.replaceChildren(...badges(sensor));
    setText(this.why, [text, sensor.warning].filter(Boolean).join("; "));
    const what = [sensor.kind, sensor.link && `on ${sensor.link}`].filter(Boolean).join(" ");
    const measured = reading && `measured ${exact(Date.parse(reading.time))}`;
    setText(
      this.about,
      [what, measured, reading && state !== "gone" && `quality ${reading.quality}`].filter(Boolean).join(" · "),
    );
    this.limits.replaceChildren(...limits(sensor));
    this.#tick();
  }

  #tick() {
    if (this.#sensor) setText(this.age, aged(this.#sensor).text);
  }
}
