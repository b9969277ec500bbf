"use strict";
// Sorts the per-image table by the column whose heading is clicked: numbers from the largest down first, names from A.
(() => {
  const table = document.getElementById("photos-table");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[1].cells];
  document.documentElement.classList.add("scripts");
  heads.forEach((head, column) => {
    head.firstElementChild.addEventListener("click", () => {
      const name = column === 0;
      const first = name ? "ascending" : "descending";
      const other = name ? "descending" : "ascending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      const sign = order === "ascending" ? 1 : -1;
      const value = (row) => row.cells[column].dataset.v;
      const compare = (a, b) => {
        const left = value(a), right = value(b);
        if (name) return sign * left.localeCompare(right, undefined, { numeric: true });
        if (left === "" || right === "") return (left === "") - (right === ""); // no figure: last either way
        return sign * (Number(left) - Number(right));
      };
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      body.append(...[...body.rows].sort(compare));
    });
  });
})();
