// What the page knows of every sensor and of the gateway: from the API at first, and then from the stream.
//
// Its events: "list" (which sensors there are), "sensor" (detail: a name), "event" (detail: an entry of the log),
// "gateway" (its links and parts).

import { now } from "./api.js";
import { decimalsOf } from "./format.js";

const MOST_EVENTS = 500;

/** Sorted worst first: what a person has to look at is at the top. */
export const RANK = { gone: 0, stale: 1, unknown: 2, suspect: 3, good: 4 };

/** What each state is called; a good value speaks for itself. */
export const WORDS = {
  gone: "not connected",
  stale: "stale",
  unknown: "no value",
  suspect: "suspect",
  good: "",
};

/**
 * @typedef {{value: number|null, unit: string, time: string, quality: string, reason?: string, clock?: string}} Reading
 * @typedef {{name: string, connected: boolean, kind: ?string, link: ?string, thresholds: Object<string, number>,
 *   reading: ?Reading, why: ?string, warning: ?string, decimals: number}} Sensor
 */
export class Model extends EventTarget {
  /** @type {Map<string, Sensor>} */
  sensors = new Map();
  /** As they came, newest first: {sender, event, data, heard, told}: when the gateway heard it, and when it told this
   *  page (ms, by the gateway's clock). */
  events = [];
  /** What /api/v1/gateway said, and when (ms, by the gateway's clock); null before. */
  gateway = null;

  /** Of a fleet, the gateway whose sensors these are, `site/gateway`; null else. */
  of = null;

  /** Where all sensors are shown. */
  get home() {
    return this.of === null ? "#/" : `#/sensors/${encodeURIComponent(this.of)}`;
  }

  /** A sensor's name as it stands on its gateway's own page. */
  short(name) {
    return this.of !== null && name.startsWith(`${this.of}/`) ? name.slice(this.of.length + 1) : name;
  }

  /** From now on another gateway's. */
  follow(of) {
    if (of === this.of) return;
    this.of = of;
    this.events = [];
    this.load([]);
  }

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
        why: whyOf(each.sender, each.reason ?? null),
      });
      if (isReading(each.last)) this.#read(sensor, each.last);
    }
    this.dispatchEvent(new Event("list"));
  }

  /** One event of the stream; whether the list should be asked for again, as it says more. One of before `began` (ms)
   *  is for the log alone: the list has what came of it. */
  take({ sender, event, data }, id, began = 0) {
    const heard = heardOf(id);
    if (heard !== null && heard < began) {
      this.#log({ sender, event, data, heard, told: heard });
      return false;
    }
    const known = this.sensors.has(sender);
    const sensor = this.#sensor(sender);
    if (event === "#connect" || event === "#disconnect") {
      sensor.connected = event === "#connect";
      sensor.why = data?.reason ?? null;
    } else if (isReading(data) && event !== "#late") {
      this.#read(sensor, data);
    }
    const told = now();
    this.#log({ sender, event, data, heard: heard ?? told, told });
    this.dispatchEvent(known ? new CustomEvent("sensor", { detail: sender }) : new Event("list"));
    return !known || event === "#connect" || event === "#disconnect";
  }

  /** Events that nobody can tell any more. */
  missed(data) {
    this.#log({ sender: "", event: "gap", data, heard: now(), told: now() });
  }

  setGateway(info) {
    this.gateway = { ...info, asked: now() };
    this.dispatchEvent(new Event("gateway"));
  }

  #log(entry) {
    this.events.unshift(entry);
    this.events.length = Math.min(this.events.length, MOST_EVENTS);
    this.dispatchEvent(new CustomEvent("event", { detail: entry }));
  }

  #sensor(name) {
    if (!this.sensors.has(name)) {
      this.sensors.set(name, {
        name,
        connected: true,
        kind: null,
        link: null,
        thresholds: {},
        reading: null,
        why: null,
        warning: null,
        decimals: 0,
      });
    }
    return this.sensors.get(name);
  }

  /** Keep the newest: what came late is in the log and in the history. */
  #read(sensor, reading) {
    if (typeof reading.value === "number")
      sensor.decimals = Math.max(sensor.decimals, decimalsOf(reading.value));
    if (sensor.reading && Date.parse(reading.time) < Date.parse(sensor.reading.time)) return;
    sensor.reading = reading;
  }
}

/** An event's id begins with the time when it was heard, in ms. */
function heardOf(id) {
  const found = /^(\d+)-\d+$/.exec(id);
  return found ? Number(found[1]) : null;
}

export const isReading = (data) =>
  data !== null && typeof data === "object" && "value" in data && "time" in data && "quality" in data;

/** Why a sensor is not connected, without saying first that it is not: a badge does. */
export function whyOf(name, text) {
  const known = `sender '${name}' is not connected: `;
  return text?.startsWith(known) ? text.slice(known.length) : text;
}

/** One of the keys of RANK, and in words why the value is not to be trusted. */
export function stateOf(sensor) {
  const { reading } = sensor;
  if (!sensor.connected) return { state: "gone", text: sensor.why ?? "" };
  if (!reading || reading.value === null)
    return { state: "unknown", text: reading?.reason ?? sensor.why ?? "" };
  if (reading.quality === "good") return { state: "good", text: "" };
  const state = reading.quality === "stale" ? "stale" : "suspect";
  return { state, text: reading.reason ?? sensor.why ?? "" };
}

/** Seconds since it was measured, by the gateway's clock; null without a value. */
export const ageOf = (sensor) => (sensor.reading ? (now() - Date.parse(sensor.reading.time)) / 1000 : null);

const RISING = new Set(["hot", "wet", "bright", "high"]);

/** [{event, limit, rising, crossed}]: a good value at or beyond its limit has crossed it. */
export function thresholdsOf(sensor) {
  const { reading } = sensor;
  const current = stateOf(sensor).state === "good" ? reading.value : null;
  return Object.entries(sensor.thresholds)
    .filter(([, limit]) => typeof limit === "number")
    .map(([event, limit]) => {
      const rising = RISING.has(event);
      const crossed = current !== null && (rising ? current >= limit : current <= limit);
      return { event, limit, rising, crossed };
    });
}
