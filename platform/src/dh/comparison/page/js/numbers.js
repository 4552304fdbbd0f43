// Three significant digits, never in exponents for what people read: 0.0123, 1.23, 123, 12345.
function format(value) {
  if (value === null || value === undefined) return '';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e7 || size < 1e-4) return value.toExponential(2).replace('-', '−');
  if (Number.isInteger(value)) return String(value).replace('-', '−');
  const digits = size >= 100 ? (size >= 1000 ? 0 : 1) : 2 - Math.floor(Math.log10(size));
  return value.toFixed(Math.min(6, digits)).replace('-', '−');
}

// A measured value where three digits are enough.
function brief(value) {
  return format(Number(value.toPrecision(3)));
}

// Seconds as 1:02.34.
function clockText(seconds) {
  const hundredths = Math.floor(seconds * 100 + 1e-6);
  const minutes = Math.floor(hundredths / 6000);
  return `${minutes}:${((hundredths % 6000) / 100).toFixed(2).padStart(5, '0')}`;
}

// Round values that divide lowest..highest into about `count` parts.
function ticks(lowest, highest, count) {
  const rough = (highest - lowest) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const values = [];
  for (let index = Math.ceil(lowest / step - 1e-9); index * step <= highest + step * 1e-9; index += 1) {
    values.push(Number((index * step).toPrecision(12)));
  }
  return values;
}

// The variants whose value is the best; those that print the same are equal. One value alone is not the best of any.
function bestOf(values, higherIsBetter) {
  const known = [...values].filter(([, value]) => value !== null);
  if (higherIsBetter === null || known.length < 2) return new Set();
  const numbers = known.map(([, value]) => value);
  const best = format(higherIsBetter ? Math.max(...numbers) : Math.min(...numbers));
  return new Set(known.filter(([, value]) => format(value) === best).map(([key]) => key));
}
