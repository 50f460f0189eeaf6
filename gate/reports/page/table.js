// The table of cases: its filters, its rows, and the address that brings both back.

const PAGE = 100; // rows that are drawn at once
const FILTERS = ["search", "suite", "outcome", "segment", "code"];
const ALL = "";

let found = []; // places in `cases` of those that the filters let through
let drawn = 0; // how many of them have a row
let here = 0; // place in `found` of the row that the keys are at
let columns = [];

const hasTags = (tags, segment) => segment.split(" & ").every((tag) => tags.includes(tag));

function passes(each, at, wanted) {
  return (wanted.suite === ALL || each.suite === wanted.suite)
    && (wanted.outcome === ALL || each.outcome === wanted.outcome)
    && (wanted.code === ALL || each.code === wanted.code)
    && (wanted.segment === ALL || each.tags.includes(wanted.segment)
      || hasTags(each.tags, wanted.segment))
    && (wanted.search === ALL || soughtOf(at).includes(wanted.search.toLowerCase()));
}

function applyFilters() {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, byId(name).value]));
  found = [];
  cases.forEach((each, at) => { if (passes(each, at, wanted)) found.push(at); });
  drawn = 0;
  here = 0;
  byId("rows").replaceChildren();
  drawMore();
  byId("count").textContent = `${found.length} of ${cases.length} cases`;
}

function drawMore() {
  const until = Math.min(found.length, drawn + PAGE);
  const rows = [];
  for (let place = drawn; place < until; place += 1) rows.push(rowOf(place));
  byId("rows").append(...rows);
  drawn = until;
  const left = found.length - drawn;
  byId("more").hidden = left === 0;
  byId("more").textContent = `Show ${Math.min(PAGE, left)} more of ${left}`;
  markHere();
}

function rowOf(place) {
  const each = cases[found[place]];
  const row = make("tr", {}, ...columns.map((column) => column.cell(each)));
  row.addEventListener("click", () => openAt(place));
  return row;
}

function columnsOf() {
  const all = [
    { head: "outcome", cell: (each) => make("td", {}, outcomeOf(each.outcome)) },
    { head: "case", cell: (each) => make("td", {}, ...nameOf(each)) },
    { head: "suite", has: "suite", cell: (each) => cell("suite", each.suite) },
    { head: "segment", has: "tags", cell: (each) => make("td", { className: "tags" }, ...tagsOf(each)) },
    { head: "failures", cell: (each) => cell("failures", failuresOf(each)) },
    { head: "failure code", cell: (each) => cell("", each.code) },
    { head: "override", has: "override", cell: (each) => cell("override", overrideOf(each)) },
  ];
  const has = {
    suite: new Set(cases.map((each) => each.suite)).size > 1,
    tags: cases.some((each) => each.tags.length > 0),
    override: cases.some((each) => overrideOf(each) !== ""),
  };
  return all.filter((column) => !column.has || has[column.has]);
}

function cell(head, text) {
  const made = make("td", {}, text);
  if (head) made.dataset.head = head;
  return made;
}

const outcomeOf = (outcome) => make("span", { className: `outcome ${outcome}` }, outcome);
const tagsOf = (each) => each.tags.map((tag) => make("span", { className: "tag" }, tag));
const failuresOf = (each) =>
  `${each.oldFailures}/${each.oldTrials} → ${each.newFailures}/${each.newTrials}`;

function overrideOf(each) {
  const told = (value) => (value === null ? "–" : value.toFixed(2));
  return each.oldOverride === null && each.newOverride === null
    ? "" : `${told(each.oldOverride)} → ${told(each.newOverride)}`;
}

function nameOf(each) {
  const button = make("button", { type: "button", className: "open", tabIndex: -1 }, each.id);
  const mark = make("span", { className: "new-case" }, "new case");
  return each.isNew ? [button, mark] : [button];
}

// One row is in the order of Tab; j and k make it another one.
function markHere() {
  const rows = byId("rows").children;
  for (const row of byId("rows").querySelectorAll("tr.here")) {
    row.classList.remove("here");
    row.querySelector(".open").tabIndex = -1;
  }
  if (rows[here]) {
    rows[here].classList.add("here");
    rows[here].querySelector(".open").tabIndex = 0;
  }
}

function moveTo(place) {
  if (place < 0 || place >= found.length) return;
  while (place >= drawn) drawMore();
  here = place;
  markHere();
  const row = byId("rows").children[here];
  row.querySelector(".open").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest", behavior: "instant" });
}

function fillSelect(id, values, groups = false) {
  const select = byId(id);
  select.replaceChildren(new Option("all", ALL));
  let group = null;
  for (const value of [...new Set(values)].sort()) {
    const tag = value.slice(0, value.indexOf("="));
    if (groups && group?.label !== tag) {
      group = make("optgroup", { label: tag });
      select.append(group);
    }
    (groups ? group : select).append(new Option(value, value));
  }
}

function fillFilters() {
  fillSelect("suite", cases.map((each) => each.suite));
  fillSelect("outcome", cases.map((each) => each.outcome));
  fillSelect("segment", cases.flatMap((each) => each.tags), true);
  fillSelect("code", cases.map((each) => each.code).filter(Boolean));
  for (const id of ["suite", "outcome", "segment", "code"]) {
    const isOne = byId(id).querySelectorAll("option").length < (id === "suite" ? 3 : 2);
    byId(id).closest("label").hidden = isOne;
  }
}

function writeAddress(openCase = null) {
  const address = new URLSearchParams();
  for (const name of FILTERS) if (byId(name).value) address.set(name, byId(name).value);
  if (openCase) {
    address.set("case", openCase.id);
    if (byId("suite").options.length > 2) address.set("of", openCase.suite);
  }
  history.replaceState(null, "", `#${address}`);
}

// Reads the filters from the address; false where it names none, but a part of the page.
function readAddress() {
  if (!location.hash.includes("=")) return false;
  const address = new URLSearchParams(location.hash.slice(1));
  for (const name of FILTERS) {
    const value = address.get(name) ?? ALL;
    const field = byId(name);
    // A segment by several tags is in no list, and can be asked for all the same.
    if (name !== "search" && value && ![...field.options].some((each) => each.value === value)) {
      field.append(new Option(value, value));
      field.closest("label").hidden = false;
    }
    field.value = value;
  }
  applyFilters();
  const [id, suite] = [address.get("case"), address.get("of")];
  const place = id === null ? -1 : found.findIndex(
    (at) => cases[at].id === id && (suite === null || cases[at].suite === suite),
  );
  if (place >= 0) openAt(place);
  else if (!byId("one-case").open) byId("cases-section").scrollIntoView();
  return true;
}
