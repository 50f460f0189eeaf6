// One case in full: every answer of both sides, what changed between two of them, what was asked.

const SHORT = 400; // characters of an input that is shown unfolded

function openAt(place) {
  while (place >= drawn) drawMore();
  here = place;
  markHere();
  const dialog = byId("one-case");
  const at = found[place];
  dialog.replaceChildren(barOf(place), contentOf(cases[at], textsOf(at)));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  dialog.querySelector(".close").focus({ preventScroll: true });
  writeAddress(cases[at]);
}

function barOf(place) {
  const step = (label, to) => {
    const button = make("button", { type: "button", disabled: to < 0 || to >= found.length }, label);
    button.addEventListener("click", () => openAt(to));
    return button;
  };
  const close = make("button", { type: "button", className: "close" }, "Close");
  close.addEventListener("click", () => byId("one-case").close());
  const title = make("h2", { id: "one-title" }, cases[found[place]].id);
  const told = make("span", { className: "keys" }, `${place + 1} of ${found.length}`);
  return make("div", { className: "bar" }, title, told, step("Previous", place - 1), step("Next", place + 1), close);
}

function contentOf(each, texts) {
  const inside = make("div", { className: "inside" }, aboutOf(each, texts));
  if (!texts) {
    const told = textLines === null ? "Its texts are being unpacked."
      : "Its texts did not fit into this page; report.json has them.";
    inside.append(make("p", { className: "warning" }, told));
    return inside;
  }
  if (texts.cut) {
    const told = `Texts of this case are cut at ${texts.cut} characters, to keep the page small; report.json has them whole.`;
    inside.append(make("p", { className: "warning" }, told));
  }
  inside.append(...outputsOf(texts), ...fieldsOf(texts), ...givenOf("Expected", texts.expected));
  inside.append(...givenOf("Input", texts.input), ...commandOf(texts.command));
  return inside;
}

function aboutOf(each, texts) {
  const muted = (text) => make("span", { className: "muted" }, text);
  const about = make("p", { className: "about" }, outcomeOf(each.outcome));
  if (each.isNew) about.append(muted("new case"));
  about.append(make("span", {}, `failures ${failuresOf(each)}`));
  if (each.code) about.append(make("span", {}, each.code));
  if (overrideOf(each)) about.append(make("span", {}, `override ${overrideOf(each)}`));
  if (each.tags.length) about.append(make("span", {}, ...tagsOf(each)));
  if (texts?.where) about.append(make("code", { className: "muted" }, texts.where));
  return about;
}

function outputsOf(texts) {
  const sides = { old: sideOf("Old", "old", texts, 0), new: sideOf("New", "new", texts, 1) };
  const told = make("p", { className: "more" });
  const show = () => {
    const [was, is] = [sides.old.chosen(), sides.new.chosen()];
    const pieces = was === null || is === null ? [] : wordDiff(was, is);
    const marks = pieces.some((each) => each.same && each.old.trim());
    sides.old.show(marks ? pieces : null);
    sides.new.show(marks ? pieces : null);
    told.hidden = was !== is || was === null;
    told.textContent = "Both are the same.";
  };
  for (const side of Object.values(sides)) side.select?.addEventListener("change", show);
  show();
  const both = make("div", { className: "sides" }, sides.old.element, sides.new.element);
  return [make("h3", {}, "Outputs"), both, told];
}

function sideOf(label, name, texts, place) {
  const answers = texts[name];
  const pane = make("div", { className: "text", id: `text-${name}` });
  const element = make("div", { className: "side" });
  const trials = answers.reduce((sum, [, count]) => sum + count, 0);
  const heading = make("h4", {}, `${label}: ${counted(trials, "trial")}, ${counted(answers.length, "answer")}`);
  element.append(heading);
  let select = null;
  if (answers.length) {
    select = make("select", { ariaLabel: `${label} answer`, id: `answer-${name}` });
    answers.forEach((answer, at) => select.append(new Option(answerName(answer, at, answers), at)));
    select.value = texts.first[place];
    element.append(select);
  }
  element.append(pane);
  if (texts.more[place]) {
    element.append(make("p", { className: "more" }, `${counted(texts.more[place], "more answer")} in report.json`));
  }
  const chosen = () => (select ? texts.texts[answers[select.value][0]] : null);
  const show = (pieces) => showText(pane, chosen(), pieces, name);
  return { element, select, chosen, show };
}

function answerName([, trials, code, override], at, answers) {
  const judged = override === null ? "" : `, override ${override.toFixed(2)}`;
  return `answer ${at + 1} of ${answers.length}: ${counted(trials, "trial")}, ${code || "usable"}${judged}`;
}

const counted = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

function showText(pane, text, pieces, side) {
  pane.classList.toggle("none", text === null || text === "");
  if (!text) pane.replaceChildren(text === null ? "no answer" : "an empty answer");
  else pane.replaceChildren(...(pieces ? marked(pieces, side) : [text]));
}

function marked(pieces, side) {
  const tag = side === "old" ? "del" : "ins";
  return pieces
    .filter((each) => each[side])
    .map((each) => (each.same ? each[side] : make(tag, {}, each[side])));
}

function fieldsOf(texts) {
  if (!texts.fields.length) return [];
  const heads = ["field", "old", "new"].map((head) => make("th", { scope: "col" }, head));
  const rows = texts.fields.map(([path, was, is]) => {
    const pieces = wordDiff(texts.texts[was], texts.texts[is]);
    return make("tr", {}, make("th", { scope: "row" }, path),
      make("td", {}, ...marked(pieces, "old")), make("td", {}, ...marked(pieces, "new")));
  });
  const table = make("table", { className: "fields" },
    make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...rows));
  const more = texts.more[2] ? [make("p", { className: "more" }, `${counted(texts.more[2], "more field")} in report.json`)] : [];
  return [make("h3", {}, "Fields that changed"), table, ...more];
}

function givenOf(title, fields) {
  if (!fields.length) return [];
  const list = make("dl", { className: "given" });
  for (const [name, text] of fields) {
    if (name) list.append(make("dt", {}, name));
    list.append(make("dd", {}, make("div", { className: "text" }, text)));
  }
  const length = fields.reduce((sum, [, text]) => sum + text.length, 0);
  if (length <= SHORT) return [make("h3", {}, title), list];
  const summary = make("summary", {}, `${length} characters`);
  return [make("h3", {}, title), make("details", {}, summary, list)];
}

function commandOf(command) {
  if (!command) return [];
  const code = make("code", {}, command);
  const button = make("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code); // no right to the clipboard: one key copies it
    }
  });
  return [make("h3", {}, "In the terminal"), make("div", { className: "command" }, code, button)];
}
