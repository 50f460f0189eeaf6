// Starts the table, and listens to keys.

const isTyping = (target) => target.matches?.("input, select, textarea");

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const dialog = byId("one-case");
  if (isTyping(event.target)) {
    if (event.key === "Enter" && event.target.id === "search") {
      event.preventDefault();
      filterNow();
      moveTo(0);
    }
    return;
  }
  const inRows = byId("rows").contains(event.target);
  const isNext = event.key === "j" || (event.key === "ArrowDown" && inRows);
  const isPrevious = event.key === "k" || (event.key === "ArrowUp" && inRows);
  if (event.key === "/" && !dialog.open) {
    event.preventDefault();
    byId("search").focus();
  } else if (isNext || isPrevious) {
    event.preventDefault();
    step(isNext ? 1 : -1, inRows);
  }
}

function step(by, inRows) {
  if (byId("one-case").open) {
    if (found[here + by] !== undefined) openAt(here + by);
  } else {
    moveTo(inRows ? here + by : here); // the first key finds the row, the next ones move
  }
}

let waiting = 0; // for the end of a word

// Rows that are drawn anew lose the focus, so nothing may be left waiting.
function filterNow() {
  clearTimeout(waiting);
  applyFilters();
  writeAddress();
}

function listen() {
  byId("search").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filterNow, 120);
  });
  for (const id of ["suite", "outcome", "segment", "code"]) byId(id).addEventListener("change", filterNow);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(filterNow, 0));
  byId("more").addEventListener("click", () => {
    const first = drawn;
    drawMore();
    moveTo(first);
  });
  byId("one-case").addEventListener("close", () => {
    byId("one-case").replaceChildren();
    writeAddress();
    moveTo(here);
  });
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", readAddress);
}

function tellWhatIsLeftOut() {
  const [all, whole] = [Number(byId("cases").dataset.all), Number(byId("texts").dataset.whole)];
  const told = [];
  if (cases.length < all) told.push(`The table has the first ${cases.length} of ${all} cases.`);
  if (whole < cases.length) told.push(`Only the first ${whole} cases have their texts whole.`);
  byId("left-out").hidden = told.length === 0;
  byId("left-out").textContent = `${told.join(" ")} The page is kept below 8 MB; report.json has all.`;
}

async function start() {
  cases = (await unpacked("cases")).filter(Boolean).map((line) => caseOf(line));
  columns = columnsOf();
  byId("heads").replaceChildren(...columns.map(({ head }) => make("th", { scope: "col" }, head)));
  fillFilters();
  applyFilters();
  tellWhatIsLeftOut();
  byId("case-panel").hidden = false;
  textLines = await unpacked("texts");
  if (byId("one-case").open) openAt(here);
  listen();
  readAddress();
  document.documentElement.dataset.ready = "yes";
  setTimeout(prepareSearch, 50);
}

if (byId("cases")) {
  byId("no-script").hidden = true; // <noscript> would say nothing where a server forbids scripts
  start().catch((error) => {
    byId("trouble").hidden = false;
    byId("trouble").textContent = `The cases cannot be shown here (${error.message}). In a terminal: gate report report.json --format table`;
  });
} else {
  document.documentElement.dataset.ready = "yes";
}
