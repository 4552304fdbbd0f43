const BAR_HEIGHT = 26;
const BAR_WIDTH = 1000;

// Stacked bars of the stages' busy time for each frame, on one scale for all variants.
function showStages(element, entries) {
  const timed = entries.filter(({ cell }) => cell?.stages?.length);
  if (!timed.length) {
    element.replaceChildren(make('p', { class: 'empty' }, 'There are no stage times for this input pair.'));
    return;
  }
  const totals = timed.map(({ cell }) => sum(cell.stages));
  const realTime = 1000 / Math.max(...timed.map(({ cell }) => cell.fps || 25));
  const longest = Math.max(...totals);
  const isSeen = realTime < longest * 4;
  const scale = BAR_WIDTH / (Math.max(longest, isSeen ? realTime : 0) * 1.02);
  const names = [...new Set(timed.flatMap(({ cell }) => cell.stages.map(({ name }) => name)))];
  element.replaceChildren(make('div', { class: 'plot bars' },
    timed.map(({ variant, index, cell }, row) => stageRow(variant, index, cell, names, totals[row], scale, isSeen ? realTime : null)),
    isSeen ? make('p', { class: 'hint' }, `Real time is ${brief(realTime)} ms for each frame (dashed line): no single stage may take longer.`) : null));
}

function stageRow(variant, index, cell, names, total, scale, realTime) {
  let left = 0;
  const bars = cell.stages.map(({ name, busy_ms_per_frame: busy }) => {
    const bar = shaded(draw('rect', { x: left, y: 2, width: busy * scale, height: BAR_HEIGHT - 4 },
      draw('title', null, `${name}: ${brief(busy)} ms`)), names.indexOf(name));
    left += busy * scale;
    return bar;
  });
  const line = realTime === null ? null
    : draw('line', { class: 'realtime', x1: realTime * scale, x2: realTime * scale, y1: 0, y2: BAR_HEIGHT, 'vector-effect': 'non-scaling-stroke' });
  return make('div', null,
    make('div', { class: 'row-title' }, make('b', null, swatch(index), ' ', variant.label), make('span', null, `${brief(total)} ms in all`)),
    draw('svg', {
      viewBox: `0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`, height: BAR_HEIGHT, preserveAspectRatio: 'none', role: 'img',
      'aria-label': `Stage times of ${variant.label}, as in the list that follows`,
    }, bars, line),
    make('ul', null, cell.stages.map(({ name, busy_ms_per_frame: busy, share }) => make('li', null,
      shaded(make('span', { class: 'swatch', 'aria-hidden': 'true' }), names.indexOf(name)),
      `${name} ${brief(busy)} ms${share === null || share === undefined ? '' : ` (${Math.round(share * 100)} %)`}`))));
}

function shaded(element, place) {
  const shade = `var(--shade-${(place % 6) + 1})`;
  element.style.setProperty('--shade', shade);
  element.style.fill = shade;
  return element;
}

function sum(stages) {
  return stages.reduce((total, { busy_ms_per_frame: busy }) => total + busy, 0);
}
