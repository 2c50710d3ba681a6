// What the theme's markup leaves out: landmarks, names, and a keyboard for what it opens by a click.
document.addEventListener("DOMContentLoaded", () => {
  const words = document.getElementById("console-words")?.dataset ?? {};
  const label = (element, text) => text && element?.setAttribute("aria-label", text);

  const content = document.getElementById("content");
  if (content) {
    content.setAttribute("role", "main");
    content.tabIndex = -1; // the target of the skip link
    document.getElementById("header-inner")?.parentElement.parentElement.setAttribute("role", "banner");
    const footer = document.getElementById("main").lastElementChild;
    if (!footer.contains(content)) {
      footer.setAttribute("role", "region");
      label(footer, words.pages);
    }
    const messages = document.querySelector("#main > .px-4:not(:has(#content, #header-inner))");
    messages?.setAttribute("role", "region");
    label(messages, words.messages);
  }

  for (const element of document.querySelectorAll("[x-on\\:click]:not(a[href], button, input, #changelist-filter-close)")) {
    element.setAttribute("role", "button");
    element.tabIndex = 0;
    element.addEventListener("keydown", (event) => {
      if (event.target === element && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        element.click();
      }
    });
    if (element.matches(".material-symbols-outlined, :has(> .material-symbols-outlined:only-child)")) label(element, words.menu);
  }
});

// The theme's scripts make these elements later.
new MutationObserver(() => {
  for (const area of document.querySelectorAll(".simplebar-content-wrapper[aria-label='scrollable content']")) {
    const menu = area.closest("nav") && document.getElementById("console-words")?.dataset.menu;
    area.setAttribute("aria-label", menu || document.querySelector("h1")?.textContent.trim() || document.title);
  }
  for (const box of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
    const select = box.closest(".select2-container").parentElement.querySelector("select");
    const name = document.querySelector(`label[for="${select?.id}"]`)?.textContent.trim() || select?.name;
    box.removeAttribute("aria-labelledby");
    box.setAttribute("aria-label", `${name} ${box.textContent.trim()}`);
    box.querySelector("[role=textbox]")?.setAttribute("aria-label", name);
  }
}).observe(document, { childList: true, subtree: true });
