const PLOTS = [
  {
    title: 'Mouth opening against loudness',
    hint: 'The grey area is the loudness of the audio, from silence to its loudest. A mouth that follows speech opens with it.',
    panels: [{ series: 'mouth opening', unit: 'face heights', height: 200, area: 'loudness' }],
  },
  {
    title: 'Head pose',
    hint: 'A living head never stands still and never jumps.',
    panels: ['pitch', 'yaw', 'roll'].map((series) => ({ series, unit: 'degrees', height: 112 })),
  },
  {
    title: 'Eyes',
    hint: 'Share of the person’s open eyes; the bars below mark blinks, one row for each variant in the order above.',
    panels: [{ series: 'eye opening', unit: 'share', height: 160, marks: 'blink' }],
  },
];

// The curves of an input pair, redrawn when the width changes; all cursors move together.
class Plots {
  constructor(element, onSeek) {
    Object.assign(this, { element, onSeek, panels: [] });
    new ResizeObserver(() => this.redraw()).observe(element);
  }

  // entries: [{variant, index, cell}] of the variants that are shown.
  show(entries, duration) {
    this.panels = [];
    this.element.replaceChildren(...PLOTS.map((plot) => this.plot(plot, entries, duration)));
    this.redraw();
  }

  plot(plot, entries, duration) {
    const panels = plot.panels.map((panel) => this.panel(panel, entries, duration)).filter(Boolean);
    this.panels.push(...panels);
    const without = entries.filter(({ cell }) => !plot.panels.some(({ series }) => hasCurve(cell, series)));
    return make('div', { class: 'plot' }, make('h3', null, plot.title),
      make('p', { class: 'hint' }, panels.length ? plot.hint : 'Nothing was measured that could be drawn here.'),
      panels.map(({ element }) => element),
      panels.length && without.length
        ? make('p', { class: 'hint' }, `No curve: ${without.map(({ variant }) => variant.label).join(', ')}.`) : null,
      panels.length ? summaryTable(panels) : null);
  }

  panel({ series, unit, height, area, marks }, entries, duration) {
    const drawn = entries.filter(({ cell }) => hasCurve(cell, series));
    if (!drawn.length || !duration) return null;
    const of = (name) => ({ variant, index, cell }) => ({
      label: variant.label, index, values: cell.evaluation.series[name], fps: cell.fps,
    });
    const loud = area ? entries.find(({ cell }) => hasCurve(cell, area)) : null;
    return new Panel({
      name: series[0].toUpperCase() + series.slice(1), unit, duration, onSeek: this.onSeek,
      height: height + (marks ? drawn.length * 6 : 0),
      curves: drawn.map(of(series)),
      area: loud ? of(area)(loud) : null,
      marks: marks ? drawn.filter(({ cell }) => hasCurve(cell, marks)).map(of(marks)) : [],
    });
  }

  redraw() {
    for (const panel of this.panels) {
      const width = Math.round(panel.element.clientWidth);
      if (width > 0 && width !== panel.width) panel.draw(width);
    }
    this.at(this.time ?? 0);
  }

  at(time) {
    this.time = time;
    for (const panel of this.panels) panel.at(time);
  }
}

function hasCurve(cell, series) {
  return Boolean(cell?.evaluation?.series?.[series]?.some((value) => value !== null));
}

// The curves as numbers, for those who do not see them.
function summaryTable(panels) {
  const rows = panels.flatMap(({ name, curves }) => curves.map(({ label, values }) => {
    const known = values.filter((value) => value !== null);
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
    return make('tr', null, make('th', { scope: 'row' }, `${name}, ${label}`),
      [known.reduce((a, b) => Math.min(a, b)), mean, known.reduce((a, b) => Math.max(a, b))].map((value) => make('td', null, brief(value))));
  }));
  return make('details', null, make('summary', null, 'As numbers'), make('div', { class: 'scroller' }, make('table', null,
    make('thead', null, make('tr', null, ['Curve', 'lowest', 'mean', 'highest'].map((name) => make('th', { scope: 'col' }, name)))),
    make('tbody', null, rows))));
}
