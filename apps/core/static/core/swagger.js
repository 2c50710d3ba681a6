// Names for the controls that Swagger UI and ReDoc draw without one, whenever they draw them.
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
}).observe(document.documentElement, { childList: true, subtree: true });
