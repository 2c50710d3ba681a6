// Refresh the home page in place while its tab is in front: panels, the moment they are of, and the counts of the menu.
// What holds the focus or a selection stays as it is, as do opened tables.
{
  const redraw = (canvas, fresh) => {
    canvas.dataset.value = fresh.dataset.value;
    const chart = Chart.getChart(canvas);
    if (!chart) return;
    const data = JSON.parse(fresh.dataset.value);
    chart.data.labels = data.labels;
    data.datasets.forEach((series, index) => { chart.data.datasets[index].data = series.data; });
    chart.update("none");
  };

  const replace = (old, fresh) => {
    if (!old || !fresh || old.contains(document.activeElement) || old.outerHTML === fresh.outerHTML) return;
    const canvas = old.querySelector("canvas");
    if (canvas && fresh.querySelector("canvas")) {
      redraw(canvas, fresh.querySelector("canvas"));
    } else {
      const open = old.matches("details[open]");
      old.replaceWith(document.adoptNode(fresh));
      if (open) fresh.open = true;
    }
  };

  const refresh = async (home) => {
    const answer = await fetch(location.href, { cache: "no-store" }).catch(() => null);
    if (!answer?.ok || answer.redirected || !getSelection().isCollapsed) return; // away, logged out, or being copied from
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const panels = [...home.querySelectorAll("section")];
    const fresh = [...page.querySelectorAll("#console-home section")];
    if (panels.length !== fresh.length) return location.reload();
    panels.forEach((panel, index) => {
      if (panel.className !== fresh[index].className) panel.className = fresh[index].className;
      const parts = [...fresh[index].children];
      if (panel.children.length === parts.length) [...panel.children].forEach((part, at) => replace(part, parts[at]));
      else if (!panel.contains(document.activeElement)) panel.replaceChildren(...parts);
    });
    replace(document.getElementById("console-refreshed"), page.getElementById("console-refreshed"));
    const counts = [...page.querySelectorAll(".console-count")];
    document.querySelectorAll(".console-count").forEach((count, index) => replace(count, counts[index]));
  };

  document.addEventListener("DOMContentLoaded", () => {
    const home = document.getElementById("console-home");
    if (!home) return;
    const every = Number(home.dataset.refreshSeconds) * 1000;
    let last = Date.now();
    const tick = () => {
      if (document.hidden || Date.now() - last < every) return;
      last = Date.now();
      refresh(home);
    };
    setInterval(tick, every / 6);
    document.addEventListener("visibilitychange", tick);
  });
}
