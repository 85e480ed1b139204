import { EXAMPLES_PER_BLOCK } from './report-examples.ts';

/**
 * The script of a report, as it stands in the page. It builds elements and sets their text, and never makes markup of a
 * value. What is in a block of data is parsed when the first of its examples is opened.
 */
export const REPORT_SCRIPT = String.raw`
'use strict';
(() => {
  const PER_BLOCK = ${EXAMPLES_PER_BLOCK};
  const MAX_OPEN = 100;
  const byId = (id) => document.getElementById(id);
  const list = byId('list');
  const rows = [...list.children].map((element, order) => ({
    element,
    order,
    details: element.firstElementChild,
    id: element.querySelector('.id').textContent,
    text: undefined,
  }));

  function make(tag, className, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  const blocks = new Map();
  function detailOf(order) {
    const id = 'b-' + Math.floor(order / PER_BLOCK);
    if (!blocks.has(id)) blocks.set(id, JSON.parse(byId(id).textContent));
    return blocks.get(id)[order % PER_BLOCK];
  }

  function excerpt(value, tag, className) {
    const element = make(tag, className, value.text);
    element.dir = 'auto';
    if (value.cut > 0) element.append(make('span', 'cut', ' … ' + value.cut.toLocaleString('en') + ' characters more'));
    return element;
  }

  function payload(title, value) {
    if (value === null) return null;
    const box = make('section', 'payload', make('h3', '', title));
    for (const turn of value.turns) {
      const kind = turn.speaker.split(' ')[0];
      const entry = make('div', 'turn ' + (['user', 'assistant', 'tool', 'system'].includes(kind) ? kind : ''));
      entry.append(make('span', 'speaker', turn.speaker));
      if (turn.text.text !== '' || turn.text.cut > 0) entry.append(excerpt(turn.text, 'div', 'said'));
      for (const call of turn.calls) {
        const line = make('div', 'call', make('b', '', call.name), ' ');
        line.append(excerpt(call.args, 'code', ''));
        entry.append(line);
      }
      box.append(entry);
    }
    if (value.turnsCut > 0) box.append(make('p', 'cut', value.turnsCut + ' messages more'));
    if (value.rest !== null) {
      const pre = excerpt(value.rest, 'pre', '');
      pre.tabIndex = 0;
      pre.setAttribute('role', 'group');
      pre.setAttribute('aria-label', title + ' as JSON');
      box.append(pre);
    }
    return box;
  }

  function table(head, entries) {
    const headRow = make('tr', '', ...head.map((text) => {
      const cell = make('th', /^(Baseline|Now|Score)$/.test(text) ? 'num' : '', text);
      cell.scope = 'col';
      return cell;
    }));
    return make('table', 'inner', make('thead', '', headRow), make('tbody', '', ...entries));
  }

  function command(label, text) {
    const button = make('button', 'copy', 'Copy');
    button.type = 'button';
    button.setAttribute('aria-label', 'Copy the command: ' + label);
    const code = make('code', '', text);
    button.addEventListener('click', () => copy(text, code, button));
    return make('div', 'command', make('span', 'label', label), code, button);
  }

  async function copy(text, code, button) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Pages opened from a file may not write to the clipboard in every browser: the selection is copied instead.
      getSelection().selectAllChildren(code);
      done = document.execCommand('copy');
    }
    button.textContent = done ? 'Copied' : 'Selected';
    byId('said').textContent = done ? 'Copied.' : 'The command is selected; copy it with your keyboard.';
    setTimeout(() => {
      button.textContent = 'Copy';
      byId('said').textContent = '';
    }, 2000);
  }

  function fill(row) {
    const body = row.element.querySelector('.body');
    if (body.hasChildNodes()) return;
    const detail = detailOf(row.order);
    const asked = make('div', 'pair', payload('Input', detail.inputs), payload('Reference', detail.reference));
    if (!asked.hasChildNodes())
      asked.append(make('p', 'note', 'The input is not shown: the example is not in the dataset as it was run.'));
    if (detail.place !== null) body.append(make('p', 'place', make('code', '', detail.place)));
    body.append(asked);
    if (detail.scores.length > 0) {
      const entries = detail.scores.map(([key, before, after, change]) => {
        const name = make('th', '', key);
        name.scope = 'row';
        return make('tr', '', name, make('td', 'num', before), make('td', 'num ' + change, after));
      });
      body.append(make('h3', '', 'Scores over all runs'), table(['Evaluator', 'Baseline', 'Now'], entries));
    }
    for (const run of detail.runs) {
      const tone = { answered: 'none', 'agent failed': 'fail', 'not measured': 'no_verdict' }[run.status];
      const box = make('section', 'run tone-' + tone);
      box.append(make('h3', '', run.title, ' ', make('span', 'badge', run.status)));
      if (run.error !== null) box.append(excerpt({ text: run.error, cut: 0 }, 'p', 'error'));
      box.append(payload('Answer', run.answer) || '');
      if (run.scores.length > 0) {
        const entries = run.scores.map(([key, score, comment]) => {
          const name = make('th', '', key);
          name.scope = 'row';
          const said = make('td', 'comment', comment);
          said.dir = 'auto';
          return make('tr', '', name, make('td', 'num', score), said);
        });
        box.append(table(['Evaluator', 'Score', 'Reason'], entries));
      }
      for (const [label, text] of run.commands) box.append(command(label, text));
      body.append(box);
    }
    if (detail.runsCut > 0) body.append(make('p', 'note', detail.runsCut + ' runs more, none of them worse: see results.json.'));
  }

  list.addEventListener('toggle', (event) => {
    if (event.target.open) fill(rows[Number(event.target.parentElement.id.slice(2))]);
  }, true);

  const inputs = ['q', 'kind', 'key', 'sort'].map(byId);
  const valueOf = (input) => (input === null ? '' : input.value);
  const compare = {
    o: (a, b) => a.order - b.order,
    n: (a, b) => a.element.dataset.n - b.element.dataset.n,
    id: (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
    ms: (a, b) => b.element.dataset.ms - a.element.dataset.ms,
  };
  let sortedBy = 'o';
  let shown = rows;

  function update() {
    const [query, kind, key, sort] = inputs.map(valueOf);
    const words = query.toLowerCase().split(/\s+/).filter((word) => word !== '');
    shown = [];
    for (const row of rows) {
      const { k, w } = row.element.dataset;
      if (words.length > 0 && row.text === undefined)
        row.text = row.details.firstElementChild.textContent.toLowerCase();
      const fits =
        (kind === '' || k === kind) &&
        (key === '' || key === undefined || w.split(' ').includes(key)) &&
        words.every((word) => row.text.includes(word));
      row.element.hidden = !fits;
      if (fits) shown.push(row);
    }
    if (sort !== sortedBy) {
      list.append(...rows.toSorted(compare[sort]).map((row) => row.element));
      sortedBy = sort;
    }
    byId('shown').textContent = shown.length === rows.length ? String(rows.length) : shown.length + ' of ' + rows.length;
    byId('none').hidden = shown.length > 0;
  }
  for (const input of inputs) if (input !== null) input.addEventListener('input', update);
  document.querySelector('.controls').addEventListener('submit', (event) => event.preventDefault());

  const expand = byId('expand');
  expand.addEventListener('click', () => {
    const opens = expand.textContent !== 'Close all';
    for (const row of opens ? shown.slice(0, MAX_OPEN) : rows) row.details.open = opens;
    expand.textContent = opens ? 'Close all' : 'Open all';
  });

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === '/' && !inField) {
      event.preventDefault();
      byId('q').focus();
    } else if (event.key === 'Escape' && event.target === byId('q')) {
      byId('q').value = '';
      update();
    } else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && event.target.tagName === 'SUMMARY') {
      const visible = [...list.children].filter((element) => !element.hidden);
      const at = visible.indexOf(event.target.closest('li'));
      const next = visible[at + (event.key === 'ArrowDown' ? 1 : -1)];
      if (next !== undefined) {
        event.preventDefault();
        next.querySelector('summary').focus();
      }
    }
  });

  function openNamed() {
    const target = /^#e-\d+$/.test(location.hash) ? byId(location.hash.slice(1)) : null;
    if (target === null) return;
    target.firstElementChild.open = true;
    target.scrollIntoView();
  }
  addEventListener('hashchange', openNamed);
  openNamed();
  // A browser that goes back to the page keeps what was typed.
  if (inputs.some((input) => input !== null && input.value !== '' && input.value !== 'o')) update();
})();
`;
