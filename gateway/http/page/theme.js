// Light or dark: as the system has it, until the viewer chooses. The style knows data-theme alone.

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

const chosen = () => localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");

/** `onChange()`: what is drawn has other colors now. */
export function theme(button, onChange) {
  const apply = () => {
    root.dataset.theme = chosen();
    onChange();
  };
  system.addEventListener("change", apply);
  button.addEventListener("click", () => {
    localStorage.setItem("theme", root.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  apply();
}
