function arrow({ higher_is_better: higher }) {
  return higher === null ? '' : higher ? '↑' : '↓';
}

// The table as readers of a paper expect it: a variant in each row, a metric in each column, the best in bold.
function asMarkdown(results, rows) {
  const escape = (text) => text.replace(/[\\|*_`<[\]]/g, '\\$&').replace(/\s+/g, ' ');
  const head = ['variant', ...rows.map(({ metric }) => `${escape(title(metric))} ${arrow(metric)}`.trim())];
  const lines = results.variants.map((variant) => [escape(variant.label),
    ...rows.map((row) => cellText(row, variant, (text) => `**${text}**`))]);
  return [head, head.map((_, index) => (index ? '---:' : '---')), ...lines]
    .map((line) => `| ${line.join(' | ')} |\n`).join('');
}

function asLatex(results, rows) {
  const special = { '\\': '\\textbackslash{}', '~': '\\textasciitilde{}', '^': '\\textasciicircum{}' };
  const escape = (text) => text.replace(/[\\~^&%$#_{}]/g, (character) => special[character] ?? `\\${character}`);
  const arrows = { '↑': ' $\\uparrow$', '↓': ' $\\downarrow$', '': '' };
  const head = ['Variant', ...rows.map(({ metric }) => `${escape(title(metric))}${arrows[arrow(metric)]}`)];
  const lines = results.variants.map((variant) => [escape(variant.label),
    ...rows.map((row) => cellText(row, variant, (text) => `\\textbf{${text}}`).replace(/−/g, '$-$'))]);
  return `\\begin{tabular}{l${'r'.repeat(rows.length)}}\n\\toprule\n${head.join(' & ')} \\\\\n\\midrule\n`
    + `${lines.map((line) => `${line.join(' & ')} \\\\\n`).join('')}\\bottomrule\n\\end{tabular}\n`;
}

function cellText(row, variant, bold) {
  const { value } = row.byVariant.get(variant.id);
  if (value === null) return '–';
  return bestVariants(row).has(variant.id) ? bold(format(value)) : format(value);
}

// Browsers give a page from the file system the clipboard by the old way only.
function copy(text) {
  const field = make('textarea', { class: 'hidden', 'aria-hidden': 'true' });
  field.value = text;
  document.body.append(field);
  const focused = document.activeElement;
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  focused?.focus();
  return done;
}
