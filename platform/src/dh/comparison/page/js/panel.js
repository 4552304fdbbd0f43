const MARGIN = { left: 44, right: 12, top: 8, bottom: 22 };
const MOST_POINTS = 1500;

// Values of a curve over its frames; of a long one, the lowest and the highest of each stretch.
function points(values, fps) {
  const stride = Math.max(1, Math.ceil((values.length * 2) / MOST_POINTS));
  if (stride < 2) return values.map((value, frame) => [frame / fps, value]);
  const kept = [];
  for (let start = 0; start < values.length; start += stride) {
    const part = values.slice(start, start + stride).map((value, index) => [(start + index) / fps, value]);
    const known = part.filter(([, value]) => value !== null);
    if (!known.length) kept.push(part[0]);
    else {
      const lowest = known.reduce((one, other) => (other[1] < one[1] ? other : one));
      const highest = known.reduce((one, other) => (other[1] > one[1] ? other : one));
      kept.push(...[lowest, highest].sort((one, other) => one[0] - other[0]));
    }
  }
  return kept;
}

// Axes, curves, marks and a cursor over a clip's time.
//   curves: [{label, index, values, fps}], one for each variant; a null value interrupts its line
//   area:   {values, fps} in 0..1, filled behind the curves over the whole height; or null
//   marks:  [{index, values, fps}], ticks below the curves where a value is 1
class Panel {
  constructor({ name, unit, curves, area = null, marks = [], height, duration, onSeek }) {
    Object.assign(this, { name, unit, curves, area, marks, height, duration, onSeek });
    const known = curves.flatMap(({ values }) => values.filter((value) => value !== null));
    let lowest = known.length ? known.reduce((one, other) => Math.min(one, other)) : 0;
    let highest = known.length ? known.reduce((one, other) => Math.max(one, other)) : 1;
    if (lowest > 0 && lowest < highest / 2) lowest = 0;
    const room = (highest - lowest || Math.abs(highest) || 1) * 0.06;
    if (lowest !== 0) lowest -= room;
    highest += room;
    Object.assign(this, { lowest, highest });
    this.readings = curves.map(() => make('output', null, ''));
    this.svg = draw('svg', { class: 'curve', role: 'img', 'aria-label': this.summary() });
    for (const kind of ['pointerdown', 'pointermove']) {
      this.svg.addEventListener(kind, (event) => {
        if (kind === 'pointerdown') this.svg.setPointerCapture(event.pointerId);
        if (event.buttons & 1) this.onSeek(this.timeAt(event));
      });
    }
    this.element = make('figure', null, make('figcaption', null,
      make('b', null, name), unit ? make('span', null, unit) : null,
      curves.map(({ label, index }, place) => make('span', { class: 'reading', title: label }, swatch(index),
        make('span', { class: 'label' }, label), this.readings[place]))), this.svg);
  }

  summary() {
    const parts = this.curves.map(({ label, values }) => {
      const known = values.filter((value) => value !== null);
      if (!known.length) return `${label} no values`;
      const [low, high] = [known.reduce((a, b) => Math.min(a, b)), known.reduce((a, b) => Math.max(a, b))];
      return `${label} ${brief(low)} to ${brief(high)}`;
    });
    return `${this.name}${this.unit ? ` in ${this.unit}` : ''} over time: ${parts.join(', ')}`;
  }

  timeAt(event) {
    const box = this.svg.getBoundingClientRect();
    const share = (event.clientX - box.left - MARGIN.left) / (box.width - MARGIN.left - MARGIN.right);
    return Math.max(0, Math.min(1, share)) * this.duration;
  }

  x(time) {
    return MARGIN.left + (time / this.duration) * (this.width - MARGIN.left - MARGIN.right);
  }

  y(value) {
    const bottom = this.height - MARGIN.bottom - this.marks.length * 6;
    return bottom - ((value - this.lowest) / (this.highest - this.lowest)) * (bottom - MARGIN.top);
  }

  // Draws everything for a width in pixels.
  draw(width) {
    this.width = width;
    const { svg, height } = this;
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    svg.setAttribute('height', height);
    const base = height - MARGIN.bottom;
    const levels = ticks(this.lowest, this.highest, height > 120 ? 4 : 3);
    const times = ticks(0, this.duration, Math.max(2, Math.floor(width / 110)));
    svg.replaceChildren(
      ...(this.area ? [this.areaPath()] : []),
      ...levels.flatMap((level) => [
        draw('line', { class: 'axis', x1: MARGIN.left, x2: width - MARGIN.right, y1: this.y(level), y2: this.y(level) }),
        draw('text', { x: MARGIN.left - 6, y: this.y(level) + 4, 'text-anchor': 'end' }, String(level).replace('-', '−')),
      ]),
      draw('line', { class: 'axis', x1: MARGIN.left, x2: width - MARGIN.right, y1: base, y2: base }),
      ...times.map((time) => draw('text', {
        x: this.x(time), y: height - 6, 'text-anchor': time === 0 ? 'start' : this.x(time) > width - 30 ? 'end' : 'middle',
      }, `${time} s`)),
      ...this.curves.map((curve) => paint(draw('path', { class: `line${dash(curve.index)}`, d: this.path(curve) }), curve.index)),
      ...this.marks.flatMap((mark, row) => this.markTicks(mark, row)),
    );
    this.line = draw('line', { class: 'cursor', y1: MARGIN.top - 6, y2: base });
    svg.append(this.line);
  }

  path({ values, fps }) {
    let pen = 'M';
    return points(values, fps).map(([time, value]) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const command = `${pen}${this.x(time).toFixed(1)} ${this.y(value).toFixed(1)}`;
      pen = 'L';
      return command;
    }).join('');
  }

  areaPath() {
    const base = this.height - MARGIN.bottom;
    const tops = points(this.area.values, this.area.fps).map(([time, value]) =>
      `L${this.x(time).toFixed(1)} ${(base - (value ?? 0) * (base - MARGIN.top)).toFixed(1)}`);
    const end = this.x(this.area.values.length / this.area.fps).toFixed(1);
    return draw('path', { class: 'area', d: `M${MARGIN.left} ${base}${tops.join('')}L${end} ${base}Z` });
  }

  markTicks({ index, values, fps }, row) {
    const y = this.height - MARGIN.bottom - (this.marks.length - row) * 6 + 1;
    const bars = [];
    values.forEach((value, frame) => {
      if (!value) return;
      const last = bars[bars.length - 1];
      if (last && last.end === frame) last.end = frame + 1;
      else bars.push({ start: frame, end: frame + 1 });
    });
    return bars.map(({ start, end }) => paint(draw('rect', {
      class: 'mark', x: this.x(start / fps), y, width: Math.max(2, this.x(end / fps) - this.x(start / fps)), height: 4,
    }), index));
  }

  // Moves the cursor, and shows each curve's value at that time.
  at(time) {
    if (!this.line) return;
    const x = this.x(Math.min(time, this.duration));
    this.line.setAttribute('x1', x);
    this.line.setAttribute('x2', x);
    this.curves.forEach(({ values, fps }, place) => {
      const value = values[Math.min(values.length - 1, Math.floor(time * fps + 1e-6))];
      this.readings[place].value = value === null || value === undefined ? '–' : brief(value);
    });
  }
}
