"use strict";
// Tables that are searched, narrowed and sorted. All text comes from JSON in the page and is only ever set as text.
const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
};
const signs = { "+": "comes", "-": "goes", "~": "changes" };
const changed = (lines) => {
  const list = element("ul", "", "lines");
  for (const [sign, text] of lines) {
    const item = element("li", "", signs[sign]);
    item.append(element("span", sign, "sign"), text);
    list.append(item);
  }
  return list;
};
// What became of one object, the newest first: its own rows, and those that say something of it.
const timeline = (rows, texts, column) => {
  const most = 500;
  const section = document.querySelector("#timeline");
  const form = section.querySelector("form");
  const input = form.querySelector("input");
  const event = ([cells, lines, mark]) => {
    const item = element("li", "", mark);
    item.append(element("p", cells.filter(Boolean).join(" · ")), changed(lines));
    return item;
  };
  const known = new Set(rows.map(([cells]) => cells[column]).filter(Boolean));
  const follow = (name) => {
    const wanted = name.trim().toLowerCase();
    const mentions = known.has(name)
      ? ([cells, lines]) => cells[column] === name || lines.some(([, text]) => text.split(": ").includes(name))
      : (_, number) => texts[number].includes(wanted);
    const found = wanted ? rows.filter(mentions) : [];
    input.value = name;
    section.querySelector("ol").replaceChildren(...found.slice(0, most).map(event));
    const few = found.length > most ? `the newest ${most} of ` : "";
    form.querySelector("output").textContent = wanted ? `${few}${found.length.toLocaleString("en")} records` : "";
  };
  section.querySelector("datalist").append(...[...known].sort().slice(0, 5000).map((name) => {
    const option = element("option");
    option.value = name;
    return option;
  }));
  form.hidden = false;
  form.addEventListener("submit", (submitted) => submitted.preventDefault());
  input.addEventListener("input", () => follow(input.value));
  return (name) => {
    follow(name);
    section.scrollIntoView();
    section.querySelector("h3").focus();
  };
};
for (const section of document.querySelectorAll(".listing")) {
  const few = 6; // rows that nobody needs to search
  const first = 50; // rows that an answer begins with: to lay them out takes longer than to find them
  const { most, rows } = JSON.parse(section.querySelector("script").textContent);
  const head = [...section.querySelectorAll("th")];
  const labels = head.map((cell) => cell.textContent);
  const body = section.querySelector("tbody");
  const form = section.querySelector("form");
  const search = form.querySelector("input");
  const choices = [...form.querySelectorAll("select")];
  const more = section.querySelector(".more");
  const button = more.querySelector("button");
  const texts = rows.map(([cells, lines]) => [...cells, ...lines.map((line) => line[1])].join("\n").toLowerCase());
  const collator = new Intl.Collator(undefined, { numeric: true });
  const named = Number(section.dataset.timeline ?? -1);
  const follow = named < 0 ? null : timeline(rows, texts, named);
  let order = rows.map((_, number) => number);
  let found = order;
  let shown = Math.min(most, rows.length);

  const link = (text) => {
    const made = element("button", text);
    made.type = "button";
    made.addEventListener("click", () => follow(text));
    return made;
  };
  const unfolded = (cell, lines) => {
    const details = element("details");
    details.append(element("summary", cell), changed(lines));
    return details;
  };
  const row = ([cells, lines, mark]) => {
    const made = element("tr", "", mark);
    cells.forEach((text, column) => {
      const cell = element("td");
      cell.dataset.label = labels[column];
      if (text && column === named) cell.append(link(text));
      else if (text) cell.append(column === 0 && lines.length ? unfolded(text, lines) : text);
      made.append(cell);
    });
    return made;
  };
  const show = (from) => {
    const part = found.slice(from, shown).map((number) => row(rows[number]));
    if (from) body.append(...part);
    else body.replaceChildren(...part);
    more.hidden = shown >= found.length;
    more.firstElementChild.textContent = `${Math.min(shown, found.length).toLocaleString("en")} of ${found.length.toLocaleString("en")} rows are shown.`;
    form.querySelector("output").textContent = `${found.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  };
  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = choices.filter((choice) => choice.value).map((choice) => [Number(choice.dataset.column), choice.value]);
    found = order.filter((number) => words.every((word) => texts[number].includes(word))
      && chosen.every(([column, value]) => rows[number][0][column] === value));
    shown = first;
    show(0);
  };
  const sort = (column) => {
    const down = head[column].getAttribute("aria-sort") === "ascending";
    head.forEach((cell) => cell.removeAttribute("aria-sort"));
    head[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    const way = down ? -1 : 1;
    order = [...order].sort((a, b) => way * collator.compare(rows[a][0][column], rows[b][0][column]) || a - b);
    narrow();
  };

  head.forEach((cell, column) => {
    const by = element("button", labels[column]);
    by.type = "button";
    by.addEventListener("click", () => sort(column));
    cell.replaceChildren(by);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", narrow);
  for (const choice of choices) choice.addEventListener("change", narrow);
  button.addEventListener("click", () => { const from = shown; shown += most; show(from); });
  button.hidden = false;
  form.hidden = rows.length < few;
  form.querySelector("output").textContent = `${rows.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  if (follow) show(0);
  // What is printed is what was found, unfolded.
  addEventListener("beforeprint", () => {
    const from = shown;
    shown = Math.min(found.length, 5000);
    if (shown > from) show(from);
    for (const details of section.querySelectorAll("details")) details.open = true;
  });
}
