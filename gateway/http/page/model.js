// What the page knows of every sensor, from the list at first and then from the stream.

import { now } from "./api.js";
import { decimalsOf } from "./format.js";

const MOST_EVENTS = 500;

/** Sorted worst first: what a person has to look at is at the top. */
export const RANK = { gone: 0, stale: 1, unknown: 2, suspect: 3, good: 4 };

export class Model extends EventTarget {
  sensors = new Map();
  events = [];
  stream = "connecting";

  /** The whole list anew; sensors that are in it no more are forgotten. */
  load(list) {
    const names = new Set(list.map((each) => each.sender));
    for (const name of this.sensors.keys()) if (!names.has(name)) this.sensors.delete(name);
    for (const each of list) {
      const sensor = this.#sensor(each.sender);
      Object.assign(sensor, {
        connected: each.connected,
        kind: each.kind ?? null,
        link: each.link ?? null,
        thresholds: each.thresholds ?? {},
        decimals: Math.max(sensor.decimals, each.decimals ?? 0),
        warning: each.warning ?? null,
        why: each.reason ?? null,
      });
      if (each.last) this.#read(sensor, each.last);
    }
    this.dispatchEvent(new Event("list"));
  }

  /** One event of the stream. */
  take({ sender, event, data }, id) {
    const known = this.sensors.has(sender);
    const sensor = this.#sensor(sender);
    if (event === "#connect") {
      sensor.connected = true;
      sensor.why = null;
    } else if (event === "#disconnect") {
      sensor.connected = false;
      sensor.why = data?.reason ?? null;
    } else if (isReading(data)) {
      const late = this.#read(sensor, data);
      sensor.late = late ? data.time : sensor.late;
    }
    this.events.unshift({ id, sender, event, data, heard: now() });
    this.events.length = Math.min(this.events.length, MOST_EVENTS);
    this.dispatchEvent(new CustomEvent(known ? "sensor" : "list", { detail: sender }));
    this.dispatchEvent(new CustomEvent("event", { detail: this.events[0] }));
  }

  missed(data) {
    this.events.unshift({ id: null, sender: "", event: "gap", data, heard: now() });
    this.dispatchEvent(new CustomEvent("event", { detail: this.events[0] }));
  }

  setStream(state) {
    if (this.stream === state) return;
    this.stream = state;
    this.dispatchEvent(new Event("stream"));
  }

  #sensor(name) {
    if (!this.sensors.has(name)) {
      this.sensors.set(name, { name, connected: true, kind: null, link: null, thresholds: {}, reading: null, why: null, warning: null, decimals: 0, late: null });
    }
    return this.sensors.get(name);
  }

  /** Keep the newest; whether this one came late. */
  #read(sensor, reading) {
    if (typeof reading.value === "number") sensor.decimals = Math.max(sensor.decimals, decimalsOf(reading.value));
    if (sensor.reading && Date.parse(reading.time) < Date.parse(sensor.reading.time)) return true;
    sensor.reading = reading;
    return false;
  }
}

export const isReading = (data) =>
  data !== null && typeof data === "object" && "value" in data && "time" in data && "quality" in data;

/** One of the keys of RANK, and in words why the value is not to be trusted. */
export function stateOf(sensor) {
  if (!sensor.connected) return { state: "gone", text: sensor.why ?? "not connected" };
  const { reading } = sensor;
  if (!reading) return { state: "unknown", text: "no value yet" };
  if (reading.quality === "stale") return { state: "stale", text: reading.reason ?? "stale" };
  if (reading.quality === "suspect") return { state: "suspect", text: reading.reason ?? "suspect" };
  return { state: "good", text: "" };
}

/** Seconds since it was measured, by the gateway's clock; null without a value. */
export const ageOf = (sensor) => (sensor.reading ? (now() - Date.parse(sensor.reading.time)) / 1000 : null);

const RISING = new Set(["hot", "wet", "bright", "high"]);

/** [{event, limit, crossed}]: a value at or beyond its limit has crossed it. */
export function thresholdsOf(sensor) {
  const value = sensor.reading?.value;
  return Object.entries(sensor.thresholds)
    .filter(([, limit]) => typeof limit === "number")
    .map(([event, limit]) => {
      const rising = RISING.has(event);
      const crossed = typeof value === "number" && sensor.reading.quality === "good" && (rising ? value >= limit : value <= limit);
      return { event, limit, rising, crossed };
    });
}
