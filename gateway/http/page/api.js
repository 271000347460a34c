// The gateway's HTTP API, as the page uses it. Nothing here touches the page.

export const BASE = "api/v1";

/** An answer that is an error: `type` as the API has it, or "network". */
export class ApiError extends Error {
  constructor(type, message, status = 0) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

let skew = 0; // what the gateway's clock is ahead of this one, ms

/** Now, by the gateway's clock. */
export const now = () => Date.now() + skew;

/** Learn the gateway's clock from a time that it has just said (ms). */
export function heardTime(time) {
  if (Number.isFinite(time)) skew = time - Date.now();
}

async function call(path, { method = "GET", body, signal } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      signal,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(
      "network",
      "the gateway does not answer; is it running, and is this machine in its network?",
    );
  }
  if (Math.abs(skew) < 1 && answer.headers.has("Date"))
    heardTime(Date.parse(answer.headers.get("Date")) + 500);
  const text = await answer.text();
  let value;
  try {
    value = text ? JSON.parse(text) : null;
  } catch {
    throw new ApiError(
      "bad_reply",
      `the gateway's answer is no JSON (status ${answer.status})`,
      answer.status,
    );
  }
  if (!answer.ok)
    throw new ApiError(value?.error ?? "failed", value?.message ?? `status ${answer.status}`, answer.status);
  return value;
}

const name = encodeURIComponent;

/** All senders; of a fleet those of one gateway, `site/gateway`. */
export const senders = (of) => call(`${BASE}/senders${of ? `?gateway=${name(of)}` : ""}`);
export const gateways = (signal) => call(`${BASE}/gateways`, { signal });
export const gateway = () => call(`${BASE}/gateway`);
export const login = (token) => call("login", { method: "POST", body: { token } });
export const request = (which, method, params) =>
  call(`${BASE}/senders/${name(which)}/requests/${name(method)}`, { method: "POST", body: params ?? {} });

/** {points, gaps, unit, first}, with times in ms; a gap that `lasts` goes to `until`. `since` and `until` are ms. */
export async function history(which, since, until, points, signal) {
  const query = new URLSearchParams({
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    points,
  });
  const found = await call(`${BASE}/senders/${name(which)}/history?${query}`, { signal });
  const ms = (text) => (text === null || text === undefined ? null : Date.parse(text));
  return {
    ...found,
    first: ms(found.first),
    points: found.points.map((point) => ({ ...point, time: ms(point.time) })),
    gaps: found.gaps.map((gap) => ({
      ...gap,
      from: ms(gap.from),
      to: ms(gap.to) ?? until,
      lasts: gap.to === null,
    })),
  };
}

/** Where exactly what a chart shows can be had as CSV. */
export function csvAddress(which, since, until, points) {
  const query = new URLSearchParams({
    since: new Date(since).toISOString(),
    until: new Date(until).toISOString(),
    points,
    format: "csv",
  });
  return `${BASE}/senders/${name(which)}/history?${query}`;
}
