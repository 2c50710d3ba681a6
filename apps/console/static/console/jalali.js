// A calendar of the Solar Hijri year for fields of days on Persian pages. The browser itself knows that calendar (Intl).
// Arrows walk by day and week, Page Up and Page Down by month, Home and End within the week, Enter chooses, Escape leaves.
(() => {
  const DAY = 86_400_000;
  const parts = new Intl.DateTimeFormat("en-u-ca-persian-nu-latn", { timeZone: "UTC", year: "numeric", month: "numeric", day: "numeric" });
  const monthName = new Intl.DateTimeFormat("fa-IR-u-ca-persian", { timeZone: "UTC", month: "long" });
  const fullName = new Intl.DateTimeFormat("fa-IR-u-ca-persian", { timeZone: "UTC", dateStyle: "full" });
  const digits = new Intl.NumberFormat("fa-IR", { useGrouping: false });
  const two = new Intl.NumberFormat("fa-IR", { minimumIntegerDigits: 2 });
  const WEEK = ["ش", "ی", "د", "س", "چ", "پ", "ج"];

  const jalali = (time) => {
    const found = Object.fromEntries(parts.formatToParts(time).map(({ type, value }) => [type, parseInt(value, 10)]));
    return { year: found.year ?? found.relatedYear, month: found.month, day: found.day };
  };
  const firstOfMonth = (time) => time - (jalali(time).day - 1) * DAY;
  const monthAway = (time, months) => {
    const { day } = jalali(time);
    let first = firstOfMonth(time);
    for (let left = Math.abs(months); left; left -= 1) first = firstOfMonth(months > 0 ? first + 32 * DAY : first - DAY);
    const last = firstOfMonth(first + 32 * DAY) - DAY;
    return Math.min(first + (day - 1) * DAY, last);
  };
  const written = (time) => {
    const { year, month, day } = jalali(time);
    return `${digits.format(year)}/${two.format(month)}/${two.format(day)}`;
  };
  const today = () => {
    const now = new Date();
    return Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
  };

  const read = (text) => {
    const latin = text.replace(/[۰-۹]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹".indexOf(digit)).replace(/-/g, "/");
    const [year, month, day] = latin.split("/").map(Number);
    if (!(year > 1300 && year < 1700 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return today();
    const guess = Date.UTC(year + 621, 2, 21) + ((month - 1) * 30.5 + day) * DAY;
    for (let time = Math.floor(guess / DAY) * DAY - 6 * DAY, left = 14; left; left -= 1, time += DAY) {
      const found = jalali(time);
      if (found.year === year && found.month === month && found.day === day) return time;
    }
    return today();
  };

  const element = (tag, attributes, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  };

  const attach = (field) => {
    const words = document.getElementById("console-words").dataset;
    const dialog = element("dialog", { className: "console-calendar" });
    const opener = element("button", { type: "button", className: "console-calendar-opener" });
    opener.append(element("span", { className: "material-symbols-outlined md-18", ariaHidden: "true", textContent: "calendar_month" }));
    opener.setAttribute("aria-label", `${words.calendar}: ${field.placeholder || field.name}`);
    opener.setAttribute("aria-haspopup", "dialog");
    dialog.setAttribute("aria-label", words.calendar);
    let chosen = today();

    const take = (time) => {
      field.value = written(time);
      field.dispatchEvent(new Event("input", { bubbles: true }));
      dialog.close();
      field.focus();
    };
    const button = (time) => {
      const made = element("button", { type: "button", textContent: digits.format(jalali(time).day), onclick: () => take(time) });
      made.tabIndex = time === chosen ? 0 : -1;
      made.setAttribute("aria-label", fullName.format(time));
      if (time === today()) made.setAttribute("aria-current", "date");
      made.dataset.time = time;
      return element("td", {}, made);
    };
    const turn = (name, label, months) => {
      const made = element("button", { type: "button", onclick: () => move(monthAway(chosen, months), false) });
      made.append(element("span", { className: "material-symbols-outlined", ariaHidden: "true", textContent: name }));
      made.setAttribute("aria-label", label);
      return made;
    };
    const draw = () => {
      const first = firstOfMonth(chosen);
      const start = first - ((new Date(first).getUTCDay() + 1) % 7) * DAY; // weeks begin on Saturday
      const body = element("tbody", {});
      for (let week = start; week < firstOfMonth(first + 32 * DAY); week += 7 * DAY) {
        const days = [0, 1, 2, 3, 4, 5, 6].map((day) => week + day * DAY);
        body.append(element("tr", {}, ...days.map((day) => (firstOfMonth(day) === first ? button(day) : element("td", {})))));
      }
      const head = element("thead", {}, element("tr", {}, ...WEEK.map((name) => element("th", { scope: "col", textContent: name }))));
      const title = element("strong", { textContent: `${monthName.format(chosen)} ${digits.format(jalali(chosen).year)}` });
      title.setAttribute("aria-live", "polite");
      dialog.replaceChildren(
        element("div", { className: "console-calendar-head" }, turn("chevron_right", words.previous, -1), title, turn("chevron_left", words.next, 1)),
        element("table", {}, head, body),
      );
    };
    const move = (time, focus = true) => {
      chosen = time;
      draw();
      if (focus) dialog.querySelector(`[data-time="${chosen}"]`).focus();
    };

    dialog.addEventListener("keydown", (event) => {
      if (event.key === "Escape") event.stopPropagation(); // else the drawer of filters closes too
      if (!event.target.dataset.time) return;
      const weekday = (new Date(chosen).getUTCDay() + 1) % 7;
      const steps = { ArrowLeft: 1, ArrowRight: -1, ArrowDown: 7, ArrowUp: -7, Home: -weekday, End: 6 - weekday };
      const months = { PageUp: -1, PageDown: 1 }[event.key];
      if (event.key in steps) move(chosen + steps[event.key] * DAY);
      else if (months) move(monthAway(chosen, months));
      else return;
      event.preventDefault();
    });
    dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
    opener.addEventListener("click", () => {
      chosen = read(field.value);
      dialog.showModal();
      move(chosen);
    });
    field.after(opener, dialog);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("input[data-day]").forEach(attach);
  });
})();
