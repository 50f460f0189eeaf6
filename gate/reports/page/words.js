// Which words of a text were changed into which.

const CELLS = 4_000_000; // of the table; beyond, all that is between the common ends is one change

function wordsOf(text) {
  return text.match(/[\p{L}\p{N}\p{M}_]+|\s+|[^\p{L}\p{N}\p{M}_\s]/gu) ?? [];
}

// Returns pieces {old, new, same} whose old sides make the old text, whose new sides the new one.
function wordDiff(oldText, newText) {
  const before = wordsOf(oldText);
  const after = wordsOf(newText);
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const pieces = [
    piece(before.slice(0, head), after.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    piece(before.slice(before.length - tail), after.slice(after.length - tail)),
  ];
  return joined(pieces.filter((each) => each.old || each.new));
}

function piece(before, after) {
  const [was, is] = [before.join(""), after.join("")];
  return { old: was, new: is, same: was === is };
}

function middle(before, after) {
  if (!before.length || !after.length || before.length * after.length > CELLS) {
    return [piece(before, after)];
  }
  const lengths = commonLengths(before, after);
  const wide = after.length + 1;
  const pieces = [];
  let [i, j, fromI, fromJ] = [0, 0, 0, 0];
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      pieces.push(piece(before.slice(fromI, i), after.slice(fromJ, j)));
      pieces.push(piece([before[i]], [after[j]]));
      [i, j] = [i + 1, j + 1];
      [fromI, fromJ] = [i, j];
    } else if (lengths[(i + 1) * wide + j] >= lengths[i * wide + j + 1]) {
      i += 1;
    } else {
      j += 1;
    }
  }
  pieces.push(piece(before.slice(fromI), after.slice(fromJ)));
  return pieces.filter((each) => each.old || each.new);
}

// How long a common subsequence of the words from i and from j on can be.
function commonLengths(before, after) {
  const wide = after.length + 1;
  const lengths = new Uint16Array((before.length + 1) * wide);
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const at = i * wide + j;
      lengths[at] = before[i] === after[j]
        ? lengths[at + wide + 1] + 1
        : Math.max(lengths[at + wide], lengths[at + 1]);
    }
  }
  return lengths;
}

// Puts changes together between which nothing but space stayed: they read as one.
function joined(pieces) {
  const runs = merged(pieces);
  return merged(runs.map((each, at) => {
    const atEnd = at === 0 || at === runs.length - 1;
    return { ...each, same: each.same && (atEnd || each.old.trim() !== "") };
  }));
}

function merged(pieces) {
  const runs = [];
  for (const each of pieces) {
    const last = runs.at(-1);
    if (last?.same === each.same) {
      last.old += each.old;
      last.new += each.new;
    } else {
      runs.push({ ...each });
    }
  }
  return runs;
}
