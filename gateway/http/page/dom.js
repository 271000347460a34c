// Elements, made in one expression. Text is always text: nothing that a sensor says can become markup.

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

/** Set a text only where it is another: nothing is drawn anew for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
