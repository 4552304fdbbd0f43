const results = JSON.parse(byId('results').textContent);
const hidden = new Set();
const chosen = { source: results.pairs[0]?.source, audio: results.pairs[0]?.audio, scope: 'pair' };
const cellsOf = () => results.cells.filter((cell) => cell.source === chosen.source && cell.audio === chosen.audio);
const say = (text) => { byId('status').textContent = text; };
const complain = (text) => { byId('problem').textContent = text; };

const player = new Player(byId('sound'), { onTime: showTime, onState: showState, onProblem: complain });
const plots = new Plots(byId('plots'), (time) => player.seek(time));
const table = new Table(byId('metrics-table'), results, say);

// The variants with their cell of the chosen pair; `index` gives the colour and the digit.
function entries() {
  const cells = new Map(cellsOf().map((cell) => [cell.variant, cell]));
  return results.variants.map((variant, index) => ({ variant, index, cell: cells.get(variant.id) ?? null }));
}

function showPair() {
  complain('');
  const audio = results.audios.find(({ id }) => id === chosen.audio);
  const shown = entries();
  const followers = showVideos(byId('grid'), shown, { onHear: hear, onToggle: () => player.toggle(), onProblem: complain });
  if (player.heard !== '' && !followers.some(({ variant }) => variant === player.heard)) player.heard = '';
  player.load(followers, audio?.file ? link(audio.file) : null, audio?.duration ?? 0);
  offerSounds(audio, followers);
  showLinks();
  byId('scrub').max = player.frames - 1;
  byId('length').textContent = `/ ${clockText(player.duration)}`;
  for (const id of ['play', 'back', 'forward', 'scrub']) byId(id).disabled = !followers.length;
  showStages(byId('stages'), shown);
  byId('strips').replaceChildren(...shown.map(strip));
  showShown();
  showMetrics();
  showTime();
}

function showShown() {
  for (const article of byId('grid').children) article.hidden = hidden.has(article.dataset.variant);
  byId('grid').style.setProperty('--columns', columnsFor(results.variants.length - hidden.size));
  plots.show(entries().filter(({ variant }) => !hidden.has(variant.id)), player.duration);
  plots.at(player.time);
}

function showLinks() {
  const pair = results.pairs.find(({ source, audio }) => source === chosen.source && audio === chosen.audio);
  byId('pair-links').replaceChildren(...(pair?.video
    ? [make('a', { href: link(pair.video) }, 'Side-by-side video'), make('a', { href: link(pair.video), download: true }, 'Download')] : []));
}

function offerSounds(audio, followers) {
  const labels = new Map(results.variants.map(({ id, label }) => [id, label]));
  byId('heard').replaceChildren(make('option', { value: '', disabled: !audio?.file }, 'Audio as given'),
    ...followers.map(({ variant }) => make('option', { value: variant }, labels.get(variant))));
  if (!audio?.file && player.heard === '' && followers.length) player.hear(followers[0].variant);
  showHeard();
}

function strip({ variant, index, cell }) {
  const caption = make('figcaption', null, swatch(index), variant.label);
  if (!cell?.filmstrip) {
    return make('figure', { class: 'strip' }, caption, make('p', { class: 'hint' }, `No pictures: ${cell?.reason || cell?.state || 'not run'}`));
  }
  const picture = make('img', { src: link(cell.filmstrip), loading: 'lazy', alt: `Eight frames of ${variant.label}, evenly over time` });
  return make('figure', { class: 'strip' }, caption,
    make('div', { class: 'film', tabindex: '0', role: 'group', 'aria-label': `Filmstrip of ${variant.label}` }, picture));
}

function showMetrics() {
  table.show(measured(results, chosen.scope === 'all' ? results.cells : cellsOf(), chosen.scope));
  byId('metrics-hint').textContent = results.metrics.length
    ? `The best value of a row is marked, equal ones together. N is the number of ${chosen.scope === 'all'
      ? 'input pairs averaged; only variants measured on the most pairs are marked' : 'measurements behind a value'}. Open a metric for what it means.`
    : 'No metrics were asked for.';
  byId('metrics-scroller').hidden = !results.metrics.length;
}

function showTime() {
  const { time, frame } = player;
  byId('scrub').value = frame;
  byId('scrub').setAttribute('aria-valuetext', `${format(Number(time.toFixed(2)))} seconds, frame ${frame + 1} of ${player.frames}`);
  byId('clock').textContent = clockText(time);
  byId('frame').textContent = `frame ${frame + 1} of ${player.frames}`;
  plots.at(time);
}

function showState() {
  document.body.classList.toggle('playing', player.wanted);
  byId('play').setAttribute('aria-label', player.wanted ? 'Pause' : 'Play');
  showTime();
}

function hear(variant) {
  player.hear(variant);
  showHeard();
  say(`Sound: ${byId('heard').selectedOptions[0]?.textContent ?? 'none'}`);
}

function showHeard() {
  byId('heard').value = player.heard;
  for (const article of byId('grid').children) {
    const isHeard = article.dataset.variant === player.heard;
    article.classList.toggle('heard', isHeard);
    article.querySelector('.hear')?.setAttribute('aria-pressed', String(isHeard));
  }
}

function setRate(rate) {
  byId('rate').value = String(rate);
  player.setRate(rate);
  say(`Speed ${rate}`);
}

function toggle(id, isOn, text) {
  byId(id).setAttribute('aria-pressed', String(isOn));
  say(`${text} ${isOn ? 'on' : 'off'}`);
}

const toggleMute = () => { player.mute(!player.muted); toggle('mute', player.muted, 'Mute'); };
const toggleLoop = () => { player.loop = !player.loop; toggle('loop', player.loop, 'Loop'); };

function choose(kind, id) {
  chosen[kind] = id;
  const hash = new URLSearchParams({ source: chosen.source, audio: chosen.audio }).toString();
  history.replaceState(null, '', `#${hash}`);
  showPair();
}

function offerInputs() {
  const offer = (kind, item, inside, plain) => make('label', { class: 'choice' },
    make('input', { type: 'radio', name: kind, value: item.id, checked: item.id === chosen[kind], change: () => choose(kind, item.id) }),
    make('span', { class: plain ? 'plain' : null }, inside));
  const name = (path) => path.split(/[\\/]/).pop();
  byId('sources').replaceChildren(...results.sources.map((item) => offer('source', item,
    [item.picture ? make('img', { src: link(item.picture), alt: '' }) : null, make('bdi', null, name(item.path))], !item.picture)));
  byId('audios').replaceChildren(...results.audios.map((item) => offer('audio', item,
    [make('bdi', null, name(item.path)), item.duration ? make('small', null, `${format(Number(item.duration.toFixed(1)))} s`) : null], true)));
  byId('shown').replaceChildren(...results.variants.map((variant, index) => make('label', { class: 'chip' },
    make('input', { type: 'checkbox', checked: true, change: ({ target }) => {
      hidden[target.checked ? 'delete' : 'add'](variant.id);
      showShown();
    } }), make('span', null, swatch(index), variant.label))));
  for (const mark of document.querySelectorAll('.swatch[data-variant]')) {
    mark.replaceWith(swatch(results.variants.findIndex(({ id }) => id === mark.dataset.variant)));
  }
}

function nextPair(by) {
  const { pairs } = results;
  const now = pairs.findIndex((pair) => pair.source === chosen.source && pair.audio === chosen.audio);
  const { source, audio } = pairs[(now + by + pairs.length) % pairs.length];
  for (const [kind, id] of [['source', source], ['audio', audio]]) {
    document.querySelector(`input[name="${kind}"][value="${CSS.escape(id)}"]`).checked = true;
    chosen[kind] = id;
  }
  choose('audio', audio);
}

function nextRate(by) {
  const rates = [...byId('rate').options].map(({ value }) => Number(value));
  setRate(rates[Math.max(0, Math.min(rates.length - 1, rates.indexOf(player.rate) + by))]);
}

// Keys act everywhere but in fields that have a use for them: a focused button keeps its space, the time line its arrows.
const KEYS = {
  ' ': () => player.toggle(),
  k: () => player.toggle(),
  ArrowLeft: (event) => player.step(event.shiftKey ? -Math.round(player.fps) : -1),
  ArrowRight: (event) => player.step(event.shiftKey ? Math.round(player.fps) : 1),
  Home: () => player.seek(0),
  End: () => player.seek(player.duration),
  '<': () => nextRate(-1),
  '>': () => nextRate(1),
  '[': () => nextPair(-1),
  ']': () => nextPair(1),
  m: toggleMute,
  l: toggleLoop,
  '?': () => byId('keys').showModal(),
};

function onKey(event) {
  const { target, key } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || byId('keys').open) return;
  const isField = target.matches('select, textarea, input[type="radio"], input[type="range"]');
  const isPressed = target.matches('button, summary, a, input[type="checkbox"]');
  if (isField && (key.startsWith('Arrow') || key === 'Home' || key === 'End' || key === ' ')) return;
  if (target.matches('select') || (isPressed && key === ' ') || (target.matches('[tabindex]') && key.startsWith('Arrow'))) return;
  if (/^\d$/.test(key)) {
    const variant = key === '0' ? '' : results.variants[Number(key) - 1]?.id;
    if ([...byId('heard').options].some((option) => option.value === variant && !option.disabled)) hear(variant);
    return;
  }
  const act = KEYS[key.length === 1 ? key.toLowerCase() : key];
  if (!act) return;
  event.preventDefault();
  act(event);
}

function copied(button, text) {
  const isDone = copy(text);
  say(isDone ? 'Copied' : 'The browser did not let the page copy');
  const before = button.textContent;
  button.textContent = isDone ? 'Copied' : 'Not copied';
  setTimeout(() => { button.textContent = before; }, 1500);
}

function listen() {
  const scrub = byId('scrub');
  byId('play').addEventListener('click', () => player.toggle());
  byId('back').addEventListener('click', () => player.step(-1));
  byId('forward').addEventListener('click', () => player.step(1));
  scrub.addEventListener('input', () => player.seek((Number(scrub.value) + 0.5) / player.fps));
  byId('rate').addEventListener('change', ({ target }) => setRate(Number(target.value)));
  byId('heard').addEventListener('change', ({ target }) => hear(target.value));
  byId('mute').addEventListener('click', toggleMute);
  byId('loop').addEventListener('click', toggleLoop);
  byId('help').addEventListener('click', () => byId('keys').showModal());
  byId('inputs').addEventListener('submit', (event) => event.preventDefault());
  for (const radio of document.querySelectorAll('input[name="scope"]')) {
    radio.addEventListener('change', () => { chosen.scope = radio.value; showMetrics(); });
  }
  byId('copy-markdown').addEventListener('click', ({ target }) => copied(target, asMarkdown(results, table.rows)));
  byId('copy-latex').addEventListener('click', ({ target }) => copied(target, asLatex(results, table.rows)));
  byId('copy-command').addEventListener('click', ({ target }) => copied(target, byId('command').textContent));
  document.addEventListener('keydown', onKey);
}

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  if (results.sources.some(({ id }) => id === asked.get('source'))) chosen.source = asked.get('source');
  if (results.audios.some(({ id }) => id === asked.get('audio'))) chosen.audio = asked.get('audio');
}

fromAddress();
offerInputs();
listen();
showPair();
