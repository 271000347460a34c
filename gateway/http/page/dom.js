// Elements, made in one expression. Text is always text: nothing that a sensor says can become markup.

const SVG = "http://www.w3.org/2000/svg";

/** element("p.note", {title: "…", onclick: f}, "text", child, …); null children are left out. */
export function element(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** The same for what is drawn. */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Set a text only where it is another: nothing is drawn anew for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Fill a select with names under a first entry that means none of them, and keep what is chosen. */
export function setOptions(select, first, names) {
  const known = [first, ...names].join("\n");
  if (select.dataset.known === known) return;
  const chosen = select.value;
  select.dataset.known = known;
  select.replaceChildren(
    element("option", { value: "" }, first),
    ...names.map((each) => element("option", { value: each }, each)),
  );
  select.value = names.includes(chosen) ? chosen : "";
}
