// The search box: Ctrl-K or Cmd-K goes there, arrows walk through the results, Escape leaves them. htmx loads them.
document.addEventListener("DOMContentLoaded", () => {
  const box = document.getElementById("console-search-box");
  const found = document.getElementById("console-found");
  if (!box) return;
  const form = box.form;
  const show = (visible) => { found.hidden = !visible; };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      box.focus();
      box.select();
    }
  });

  form.addEventListener("keydown", (event) => {
    const hits = [box, ...found.querySelectorAll("a.console-hit")];
    const at = hits.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && !found.hidden && hits[at + step]) {
      event.preventDefault();
      hits[at + step].focus();
    } else if (event.key === "Escape" && !found.hidden) {
      event.preventDefault();
      show(false);
      box.focus();
    }
  });

  box.addEventListener("input", () => { if (!box.value.trim()) show(false); });
  box.addEventListener("focus", () => show(Boolean(box.value.trim() && found.childElementCount)));
  found.addEventListener("htmx:afterSwap", () => show(Boolean(box.value.trim())));
  document.addEventListener("click", (event) => { if (!form.contains(event.target)) show(false); });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) show(false);
  });
});
