// What is asked of a browser that has not shown the gateway's token.

import * as api from "./api.js";
import { element, setText } from "./dom.js";

/** `why`: what the gateway said; `onDone()`: it lets this browser in. */
export function login(main, why, onDone) {
  const token = element("input", {
    type: "password",
    autocomplete: "current-password",
    required: true,
    id: "token",
  });
  const said = element("p.why.bad", { role: "alert" });
  const open = async (event) => {
    event.preventDefault();
    try {
      await api.login(token.value);
      onDone();
    } catch (error) {
      setText(said, error.message);
      token.select();
    }
  };
  main.replaceChildren(
    element(
      "form.login",
      { onsubmit: open },
      element("h1", {}, "This gateway wants its token"),
      element("p", {}, why),
      element("label", { for: "token" }, "Token (http.token in its config)"),
      token,
      element("button.primary", { type: "submit" }, "Open"),
      said,
    ),
  );
  token.focus();
}
