// One tile: a sensor's value, how old it is, whether it can be trusted, and its last day.

import { element, setText } from "./dom.js";
import { number } from "./format.js";
import { icon } from "./icons.js";
import { stateOf } from "./model.js";
import { aged, badges, limits } from "./parts.js";

export class Tile {
  /** `shown`: the name, as it stands there. */
  constructor(name, shown = name) {
    this.icon = element("span.icon-of");
    this.value = element("span.value");
    this.unit = element("span.unit");
    this.age = element("span.age");
    this.badges = element("span.badges");
    this.why = element("p.why");
    this.limits = element("p.limits");
    this.spark = element("div.sparkbox");
    this.where = element("span");
    this.extent = element("span.extent");
    this.root = element(
      "a.tile",
      { href: `#/sensor/${encodeURIComponent(name)}` },
      element("span.title", {}, this.icon, element("h3", {}, shown), this.badges),
      element("p.reading", {}, this.value, this.unit, this.age),
      this.why,
      this.limits,
      this.spark,
      element("p.where", {}, this.where, this.extent),
    );
  }

  update(sensor) {
    const { state, text } = stateOf(sensor);
    this.root.dataset.state = state;
    const kind = sensor.kind ?? "generic";
    if (this.root.dataset.kind !== kind) {
      this.root.dataset.kind = kind;
      this.icon.title = kind;
      this.icon.replaceChildren(icon(kind), element("span.hidden", {}, kind));
    }
    setText(this.value, number(sensor.reading?.value ?? null, sensor.decimals));
    setText(this.unit, sensor.reading?.unit ?? "");
    this.badges.replaceChildren(...badges(sensor));
    setText(this.why, [text, sensor.warning].filter(Boolean).join("; "));
    setText(this.where, sensor.link ?? "");
    this.limits.replaceChildren(...limits(sensor));
    this.tick(sensor);
  }

  /** Its age alone. */
  tick(sensor) {
    const { text, title } = aged(sensor);
    setText(this.age, text);
    this.age.title = title;
  }
}
