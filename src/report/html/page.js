"use strict";
// What makes the page handier, and nothing that it needs: a filter over all lists, and columns that
// sort. An item of a list is a tbody; the order it came in is from the worst on.
const tables = [...document.querySelectorAll("table.list")];
const lists = tables.map((table) => ({ table, items: [...table.tBodies] }));

function filter(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  let total = 0;
  for (const { table, items } of lists) {
    const before = shown;
    for (const item of items) {
      const content = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => content.includes(word));
      shown += item.hidden ? 0 : 1;
    }
    total += items.length;
    const folded = table.closest("details");
    if (folded && words.length > 0 && shown > before) folded.open = true;
  }
  return words.length > 0 ? `${shown} of ${total} rows` : "";
}

function compare(one, other) {
  const number = /^[\d,]+$/;
  if (number.test(one) && number.test(other)) {
    return Number(one.replaceAll(",", "")) - Number(other.replaceAll(",", ""));
  }
  return one.localeCompare(other, "en", { numeric: true });
}

// Ascending, then descending, then as it came.
function sort({ table, items }, column) {
  const head = table.tHead.rows[0].cells[column];
  const was = head.getAttribute("aria-sort");
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  const text = (item) => item.rows[0].cells[column].textContent;
  let order = items;
  if (was !== "descending") {
    const sign = was === "ascending" ? -1 : 1;
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    order = [...items].sort((one, other) => sign * compare(text(one), text(other)));
  }
  table.append(...order);
}

for (const list of lists) {
  [...list.table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => sort(list, column));
  });
}

// A link to a folded section unfolds it.
for (const link of document.querySelectorAll("nav a")) {
  const folded = document.querySelector(`${link.hash} > details`);
  if (folded) link.addEventListener("click", () => { folded.open = true; });
}

const field = document.querySelector(".filter");
if (lists.length > 0) field.hidden = false;
field.querySelector("input").addEventListener("input", (event) => {
  field.querySelector("output").textContent = filter(event.target.value);
});
