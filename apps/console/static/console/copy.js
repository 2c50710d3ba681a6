// Buttons that copy an id, and a region that says so to screen readers.
const legacyCopy = (text) => { // pages without HTTPS have no clipboard of the new kind
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.(".console-copy");
  if (!button) return;
  const words = document.getElementById("console-words").dataset;
  if (navigator.clipboard) await navigator.clipboard.writeText(button.dataset.copy).catch(() => legacyCopy(button.dataset.copy));
  else legacyCopy(button.dataset.copy);
  button.focus();
  const region = document.getElementById("console-said");
  region.textContent = "";
  region.textContent = `${words.copied}: ${button.dataset.copy}`;
  button.classList.add("console-copied");
  setTimeout(() => button.classList.remove("console-copied"), 1500);
});
