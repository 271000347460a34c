// The button that asks the hardware, and what it said: the value and how long that took, or why there is none.

import * as api from "./api.js";
import { element, setText } from "./dom.js";
import { clock, quantity } from "./format.js";
import { whyOf } from "./model.js";

const ADVICE = {
  timeout: "Try again; if it stays so, look whether the board has power and its cable.",
  not_connected: "Plug it in; the page shows when it is there.",
  busy: "Try again in a moment.",
  unauthorized: "Load the page again, and log in.",
  network: "The page goes on by itself when the gateway is there again.",
};

export class ReadNow {
  /** `decimals()`: of the sensor. */
  constructor(name, decimals) {
    this.name = name;
    this.decimals = decimals;
    this.button = element("button.primary", { type: "button", onclick: () => this.#read() }, "Read now");
    this.answer = element("p.answer", { role: "status" });
    this.root = element("div.now", {}, this.button, this.answer);
  }

  async #read() {
    this.button.disabled = true;
    this.answer.className = "answer";
    setText(this.answer, "Asking the hardware…");
    const started = performance.now();
    try {
      const { response } = await api.request(this.name, "read");
      const took = Math.round(performance.now() - started);
      const measured = clock(Date.parse(response.time));
      setText(
        this.answer,
        `${quantity(response.value, response.unit, this.decimals())}, measured at ${measured}; it took ${took} ms`,
      );
    } catch (error) {
      this.answer.className = "answer bad";
      const advice = ADVICE[error.type],
        message = whyOf(this.name, error.message);
      setText(
        this.answer,
        `${error.type.replaceAll("_", " ")}: ${message}${advice ? ` ${ended(message) ? "" : "· "}${advice}` : ""}`,
      );
    } finally {
      this.button.disabled = false;
    }
  }
}

const ended = (text) => /[.?!…]$/.test(text);
