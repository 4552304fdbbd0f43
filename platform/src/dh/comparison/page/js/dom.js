const SVG = 'http://www.w3.org/2000/svg';

const byId = (id) => document.getElementById(id);

// An element with attributes and children. Text is always text, never markup; null attributes and children are left out.
function make(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function draw(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// A path of the report as a URL below its folder, whatever the path's characters mean in URLs.
function link(path) {
  return path.split('/').map(encodeURIComponent).join('/');
}

// Sets the colour of a variant's marks; beyond the sixth, the same colours come again in dashes.
function paint(element, index) {
  element.style.setProperty('--colour', `var(--colour-${(index % 6) + 1})`);
  return element;
}

function swatch(index) {
  const pattern = ['', ' striped', ' dotted'][Math.floor(index / 6) % 3];
  return paint(make('span', { class: `swatch${pattern}`, 'aria-hidden': 'true' }), index);
}

function dash(index) {
  return ['', ' dash-2', ' dash-3'][Math.floor(index / 6) % 3];
}
