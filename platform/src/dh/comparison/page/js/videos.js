const STATE_TEXT = {
  failed: 'failed', crashed: 'crashed', 'out of memory': 'out of memory', hung: 'hung', missing: 'something is missing',
  interrupted: 'interrupted',
};

// Columns that leave the fewest places empty: all in one row up to four, then three or four in a row.
function columnsFor(count) {
  if (count <= 4) return Math.max(1, count);
  return (4 - (count % 4)) % 4 < (3 - (count % 3)) % 3 ? 4 : count === 5 || count === 6 || count === 9 ? 3 : 4;
}

// Fills the grid with the cells of an input pair; returns the followers of those that have a video.
function showVideos(grid, entries, { onHear, onToggle, onProblem }) {
  const followers = [];
  const shape = entries.map(({ cell }) => cell).find((cell) => cell?.width && cell?.height) ?? { width: 1, height: 1 };
  grid.replaceChildren(...entries.map(({ variant, index, cell }) => {
    const video = cell?.video ? makeVideo(cell, variant, onToggle, onProblem) : null;
    if (video) followers.push(new Follower(video, cell.fps, cell.frames, variant.id));
    return paint(make('article', { class: 'cell', 'data-variant': variant.id, 'aria-label': variant.label },
      make('header', null, swatch(index),
        make('h3', null, index < 9 ? make('span', { class: 'digit', 'aria-hidden': 'true' }, `${index + 1} `) : null,
          variant.label),
        video ? make('button', {
          type: 'button', class: 'hear', 'aria-pressed': 'false', 'aria-label': `Hear ${variant.label}`,
          click: () => onHear(variant.id),
        }, 'Hear') : null),
      make('div', { class: 'stage' }, video ?? absent(cell, shape)),
      cell ? captions(cell) : null), index);
  }));
  grid.style.setProperty('--columns', columnsFor(entries.length));
  return followers;
}

function makeVideo(cell, variant, onToggle, onProblem) {
  const video = make('video', {
    src: link(cell.video), width: cell.width, height: cell.height, preload: 'auto', playsinline: true,
    disableremoteplayback: true, 'aria-label': `Video of ${variant.label}`, click: onToggle,
    error: () => onProblem(`${cell.video} cannot be played by this browser.`),
  });
  video.muted = true;
  return video;
}

function absent(cell, shape) {
  const box = make('div', { class: 'absent' },
    make('p', { class: 'badge bad' }, STATE_TEXT[cell?.state] ?? cell?.state ?? 'not run'),
    make('p', null, cell?.reason || 'There is no video of this variant for this input pair.'),
    cell?.remedy ? make('p', { class: 'remedy' }, cell.remedy) : null);
  box.style.aspectRatio = `${shape.width} / ${shape.height}`;
  return box;
}

function captions(cell) {
  const facts = cell.video ? [`${cell.width}×${cell.height}`, `${format(cell.fps)} fps`, `${format(cell.frames)} frames`] : [];
  if (cell.seconds) facts.push(`${cell.video ? 'made in' : 'ended after'} ${brief(cell.seconds)} s`);
  const links = [['record', cell.record], ['log', cell.log], ['video', cell.video]].filter(([, path]) => path);
  return make('footer', null,
    make('span', null, facts.map((fact) => make('span', null, fact))),
    make('span', null, links.map(([name, path]) => make('a', { href: link(path) }, name))));
}
