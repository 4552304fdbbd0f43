const TIERS = ['Computed without weights', 'With weights that permit use', 'With research-only weights'];

// What the table shows: for each metric, by variant, {value, count, why, more}; `more` are lines of further detail.
function measured(results, cells, scope) {
  return results.metrics.map((metric) => ({
    metric,
    byVariant: new Map(results.variants.map((variant) => {
      const own = cells.filter((cell) => cell.variant === variant.id);
      return [variant.id, scope === 'all' ? averaged(metric, own, results.pairs.length) : single(metric, own[0])];
    })),
  }));
}

function entryOf(metric, cell) {
  return cell?.evaluation?.metrics?.find((entry) => entry.name === metric.name) ?? null;
}

function single(metric, cell) {
  const entry = entryOf(metric, cell);
  if (entry && entry.value !== null) {
    return { value: entry.value, label: `N ${entry.count}`, why: '', covers: 1, entry };
  }
  const why = entry?.why || (cell?.state === 'done' ? cell.evaluation_reason || 'was not measured' : `no video: ${cell?.reason || cell?.state || 'not run'}`);
  return { value: null, label: '', why, covers: 0, entry };
}

function averaged(metric, cells, pairs) {
  const singles = cells.map((cell) => single(metric, cell));
  const known = singles.filter(({ value }) => value !== null);
  const reasons = [...new Set(singles.filter(({ value }) => value === null).map(({ why }) => why))].join('; ');
  if (!known.length) return { value: null, label: '', why: reasons || 'was not measured', covers: 0, entry: null };
  const value = known.reduce((sum, item) => sum + item.value, 0) / known.length;
  return { value, label: `N ${known.length} of ${pairs}`, why: reasons, covers: known.length, entry: known[0].entry };
}

// The best among the variants that were measured on the most pairs: averages over fewer do not compare.
function bestVariants({ metric, byVariant }) {
  const most = Math.max(...[...byVariant.values()].map(({ covers }) => covers));
  return bestOf([...byVariant].map(([id, { value, covers }]) => [id, covers === most ? value : null]),
    metric.higher_is_better);
}

class Table {
  constructor(element, results, onSort) {
    Object.assign(this, { element, results, onSort, sorted: null, open: new Set() });
  }

  // The variants in the table's order: as given, or the best first by a metric, with what was not measured last.
  order(rows) {
    const variants = this.results.variants.map((variant, index) => ({ variant, index }));
    const row = rows.find(({ metric }) => metric.name === this.sorted);
    if (!row) return variants;
    const sign = row.metric.higher_is_better === false ? 1 : -1;
    const key = ({ variant }) => row.byVariant.get(variant.id).value;
    return variants.sort((one, other) => {
      if (key(one) === null || key(other) === null) return (key(one) === null) - (key(other) === null);
      return sign * (key(one) - key(other));
    });
  }

  show(rows) {
    this.rows = rows;
    const variants = this.order(rows);
    const head = make('thead', null, make('tr', null, make('th', { scope: 'col' }, 'Metric'),
      variants.map(({ variant, index }) => make('th', { scope: 'col' }, swatch(index), ' ', variant.label))));
    const tiers = [0, 1, 2].filter((tier) => rows.some(({ metric }) => metric.tier === tier));
    const bodies = tiers.map((tier) => make('tbody', null,
      make('tr', { class: 'tier' }, make('th', { scope: 'rowgroup', colspan: variants.length + 1 }, TIERS[tier])),
      rows.filter(({ metric }) => metric.tier === tier).map((row) => this.row(row, variants))));
    const caption = make('caption', { class: 'hidden' }, 'Metrics by variant; the best value of each row is marked.');
    this.element.replaceChildren(caption, head, ...bodies);
  }

  row(row, variants) {
    const { metric, byVariant } = row;
    const best = bestVariants(row);
    return make('tr', { 'data-metric': metric.name },
      make('th', { scope: 'row' }, make('div', { class: 'name' }, this.explained(row), this.sortButton(metric))),
      variants.map(({ variant }) => this.value(byVariant.get(variant.id), best.has(variant.id))));
  }

  explained({ metric, byVariant }) {
    const entry = [...byVariant.values()].find((item) => item.entry)?.entry ?? {};
    const weights = Object.entries(entry.weights ?? {});
    const facts = [['metric', `${metric.name}, version ${metric.version}`], ['plugin', entry.plugin],
      ['crop', entry.crop], ['frame rate', entry.fps && `${format(entry.fps)} fps`]].filter(([, text]) => text);
    return make('details', {
      open: this.open.has(metric.name),
      toggle: ({ target }) => this.open[target.open ? 'add' : 'delete'](metric.name),
    },
    make('summary', null, title(metric), ' ', make('span', { class: 'unit' }, unitText(metric))),
    make('p', null, metric.explanation || 'Its plugin does not explain it.'),
    make('p', { class: 'fine' }, facts.map(([name, text]) => `${name}: ${text}`).join(' · ')),
    weights.map(([file, hash]) => make('p', { class: 'fine' }, `weights ${file}: `, make('code', null, hash))));
  }

  sortButton(metric) {
    const pressed = this.sorted === metric.name;
    return make('button', {
      type: 'button', class: 'sort', 'aria-pressed': String(pressed),
      'aria-label': `Order the variants by ${title(metric)}`, title: 'Order the variants by this metric',
      click: () => {
        this.sorted = pressed ? null : metric.name;
        this.show(this.rows);
        this.element.querySelector(`[data-metric="${CSS.escape(metric.name)}"] .sort`).focus();
        this.onSort(pressed ? 'Variants as given' : `Variants by ${title(metric)}`);
      },
    }, 'sort');
  }

  value({ value, label, why, entry }, isBest) {
    const note = entry?.note;
    if (value === null) {
      return make('td', { class: 'none' }, make('details', null, make('summary', null, 'not measured'), make('p', null, why)));
    }
    return make('td', { class: isBest ? 'best' : null },
      make('span', { class: 'number' }, format(value)), isBest ? make('span', { class: 'hidden' }, ' (best)') : null,
      make('small', null, label),
      why || note ? make('details', null, make('summary', null, 'note'), make('p', null, [note, why].filter(Boolean).join('; '))) : null);
  }
}

function title(metric) {
  return metric.title || metric.name;
}

function unitText({ unit, higher_is_better: higher }) {
  const arrow = higher === null ? '' : higher ? '↑ higher is better' : '↓ lower is better';
  return [unit, arrow].filter(Boolean).join(', ');
}
