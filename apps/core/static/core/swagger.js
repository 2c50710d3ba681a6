// Names for the controls and parts that Swagger UI and ReDoc draw without one, whenever they draw them.
const nameOf = (control) => {
  const row = control.closest("tr");
  const parameter = row?.querySelector(".parameter__name")?.firstChild?.textContent;
  if (parameter) return parameter.trim();
  if (control.closest(".body-param")) return "Request body";
  if (control.closest(".scheme-container")) return "Scheme";
  if (control.closest(".content-type-wrapper, .response-control-media-type, .body-param-content-type")) return "Content type";
  return control.placeholder || control.closest("label, .wrapper, section")?.querySelector("label, h4, h5")?.textContent.trim() || "Value";
};

new MutationObserver(() => {
  for (const control of document.querySelectorAll("input, select, textarea")) {
    const isNamed = control.labels?.length || control.ariaLabel || control.getAttribute("aria-labelledby");
    if (!isNamed && control.type !== "hidden") control.setAttribute("aria-label", nameOf(control));
  }
  document.querySelector("redoc:not([role])")?.setAttribute("role", "main"); // it takes the place of the page's own
  const parts = { ".information-container": "About this API", ".scheme-container": "Authorization", ".filter-container": "Filter" };
  for (const [selector, name] of Object.entries(parts)) {
    const part = document.querySelector(`${selector}:not([role])`);
    part?.setAttribute("role", "region");
    part?.setAttribute("aria-label", name);
  }
}).observe(document.documentElement, { childList: true, subtree: true });
