// The cases as they were packed into the page.

const byId = (id) => document.getElementById(id);

// Makes an element; whatever is in it is text, or an element that was made here.
function make(tag, properties = {}, ...inside) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  element.append(...inside);
  return element;
}

async function unpacked(id) {
  const raw = atob(byId(id).textContent);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at += 1) bytes[at] = raw.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return (await new Response(stream).text()).split("\n");
}

function caseOf(line) {
  const [id, suite, outcome, isNew, tags, oldFailures, oldTrials, newFailures, newTrials, code,
    oldOverride, newOverride] = JSON.parse(line);
  return { id, suite, outcome, isNew, tags, oldFailures, oldTrials, newFailures, newTrials, code,
    oldOverride, newOverride };
}

let cases = []; // the worst first
let textLines = null; // JSON, a line a case; null until it is unpacked
let sought = []; // of each case, in small letters, what the search looks at; made when needed

function textsOf(at) {
  return textLines?.[at] ? JSON.parse(textLines[at]) : null;
}

function soughtOf(at) {
  if (sought[at] === undefined) {
    const [each, texts] = [cases[at], textsOf(at)];
    const parts = [each.id, each.code, ...each.tags];
    for (const [, text] of texts?.input ?? []) parts.push(text);
    for (const [, , code] of [...(texts?.old ?? []), ...(texts?.new ?? [])]) parts.push(code);
    parts.push(...(texts?.texts ?? []));
    sought[at] = parts.join("\n").toLowerCase();
  }
  return sought[at];
}

// Makes what the search looks at before it is asked for, a little at a time.
function prepareSearch(from = 0) {
  const until = Math.min(cases.length, from + 200);
  for (let at = from; at < until; at += 1) soughtOf(at);
  if (until < cases.length) setTimeout(prepareSearch, 0, until);
}
