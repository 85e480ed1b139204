import { diffWordsWithSpace } from 'diff';
import { type Html, html, PAGE_STYLES, renderDocument } from '../../evals/reports/index.ts';
import type {
  BlockedCall,
  DiffLine,
  DiffRow,
  FieldChange,
  PlayedCall,
  ReplayResult,
  RowSide,
  RunShape,
  TraceDiff,
} from '../../replay/index.ts';
import { isTraceDiff } from '../../replay/index.ts';
import { isGood, modeText, verdictText } from '../replay-view/index.ts';
import { formatDuration } from '../trace-view/index.ts';
import { REPLAY_STYLES } from './page-styles.ts';

/** What a page says about itself. */
export interface ReplayPageFacts {
  readonly traceId: string;
  readonly on: string;
  readonly baseline?: string | undefined;
}

/** Of one value this much is shown. */
const MAX_CHARACTERS = 20_000;
const MAX_LINES = 400;

/**
 * A replay as a page that is one file: it asks nothing of anywhere, all text in it is escaped, and every part can be opened by
 * the keyboard.
 */
export function renderReplayPage(result: ReplayResult, facts: ReplayPageFacts): string {
  const { diff, verdict } = result;
  const [word = '', ...sentence] = verdictText(verdict).split('  ');
  const tone = isGood(verdict)
    ? 'pass'
    : verdict === 'stopped' || verdict === 'unproven'
      ? 'no_verdict'
      : 'fail';
  const body = html`<a class="skip" href="#main">To the differences</a>
<header class="top tone-${tone}"><div class="wide">
<p class="brand">Sluicegate <span>replay</span></p>
<h1><span class="word">${word}</span></h1>
<p class="headline">${sentence.join(' ')}${result.stopped === undefined ? null : ` ${result.stopped}`}</p>
<dl class="facts">
${fact('Recorded run', facts.traceId)}
${fact('Replayed on', facts.on)}
${facts.baseline === undefined ? null : fact('Baseline', facts.baseline)}
${result.runId === undefined ? null : fact('Run of the replay', result.runId)}
${fact('How', modeText(result))}
</dl>
</div></header>
<main id="main" class="wide">
${isTraceDiff(diff) ? firstSection(diff) : null}
${outcomeSection(diff.before, diff.after)}
${isTraceDiff(diff) ? detailSections(diff, result) : null}
${callSection(result.calls)}
${blockedSection(result.blocked)}
${baselineSection(result)}
${noteSection(result.notes)}
</main>`;
  return renderDocument({
    title: `${word} · replay of ${facts.traceId}`,
    css: `${PAGE_STYLES}${REPLAY_STYLES}`,
    body,
  });
}

function fact(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function firstSection(diff: TraceDiff): Html {
  const { first, divergences } = diff;
  if (first === undefined) return html`<h2>First difference</h2><p>None: every node did the same.</p>`;
  const others = divergences.slice(1, 101);
  return html`<h2>First difference</h2>
<div class="card first"><p><strong>${first.summary}</strong></p>${changes(first.changes)}</div>
${
  others.length === 0
    ? null
    : html`<details class="card"><summary>${divergences.length - 1} more after it</summary>
<ol start="2">${others.map(({ summary, changes: what }) => html`<li><p>${summary}</p>${changes(what)}</li>`)}</ol></details>`
}`;
}

function outcomeSection(before: RunShape, after: RunShape): Html {
  const error = ({ error: thrown, failedIn }: RunShape) =>
    thrown === undefined
      ? ''
      : `${thrown.name}: ${cut(thrown.message)}${failedIn === undefined ? '' : ` (in ${failedIn})`}`;
  return html`<h2>Outcome</h2>
<div class="scroll" tabindex="0" role="group" aria-label="table"><table>
<thead><tr><th scope="col"><span class="hidden">what</span></th><th scope="col">before</th><th scope="col">after</th></tr></thead>
<tbody>
<tr><th scope="row">outcome</th><td>${badge(before.outcome)}</td><td>${badge(after.outcome)}</td></tr>
<tr><th scope="row">error</th><td>${error(before)}</td><td>${error(after)}</td></tr>
<tr><th scope="row">path</th><td>${before.path.join(' → ')}</td><td>${after.path.join(' → ')}</td></tr>
<tr><th scope="row">answer</th><td>${cut(before.answer ?? '')}</td><td>${cut(after.answer ?? '')}</td></tr>
</tbody></table></div>`;
}

function badge(outcome: string): Html {
  const tone = outcome === 'success' ? 'pass' : outcome === 'error' ? 'fail' : 'no_verdict';
  return html`<span class="badge tone-${tone}">${outcome}</span>`;
}

function detailSections(diff: TraceDiff, result: ReplayResult): Html {
  const { usage, durationMs } = diff;
  const before =
    result.baseline === undefined || result.baseline.stopped !== undefined ? 'recorded' : 'baseline';
  return html`<p class="totals">Tokens ${usage.before?.totalTokens ?? '-'} → ${usage.after?.totalTokens ?? '-'},
latency ${formatDuration(durationMs.before)} → ${formatDuration(durationMs.after)}</p>
<h2>Side by side</h2>
<div class="scroll" tabindex="0" role="group" aria-label="table"><table class="tree">
<thead><tr><th scope="col">${before}</th><th scope="col"><span class="hidden">change</span></th><th scope="col">replayed</th></tr></thead>
<tbody>${diff.rows.map(treeRow)}</tbody></table></div>
${diff.state.length === 0 ? null : html`<h2>State at the end</h2><div class="card">${changes(diff.state)}</div>`}
${
  diff.messages.length === 0
    ? null
    : html`<h2>Messages</h2><ol class="messages">${diff.messages.map(
        ({ mark, role, text }) =>
          html`<li class="${mark}"><span class="mark">${{ same: ' ', removed: '-', added: '+' }[mark]}</span>
<b>${role}</b> <span dir="auto">${cut(text)}</span></li>`,
      )}</ol>`
}`;
}

const MARKS = { same: ' ', changed: '~', removed: '-', added: '+' } as const;

function treeRow(row: DiffRow): Html {
  const cell = (side: RowSide | undefined) =>
    side === undefined
      ? html`<td></td>`
      : html`<td><span class="depth-${Math.min(row.depth, 8)}">${row.kind === 'node' ? null : html`<small>${row.kind}</small>`}${row.name}
${side.outcome === 'success' ? null : badge(side.outcome)}
<small>${formatDuration(side.durationMs)}${side.tokens === undefined ? '' : `, ${side.tokens} tokens`}</small></span></td>`;
  const what =
    row.differences.length === 0
      ? null
      : html`<tr class="why"><td colspan="3"><details><summary>${row.differences.join('; ')}</summary>${changes(row.changes)}</details></td></tr>`;
  return html`<tr class="${row.mark}">${cell(row.before)}<td class="mark" title="${row.mark}">${MARKS[row.mark]}</td>${cell(row.after)}</tr>${what}`;
}

function changes(list: readonly FieldChange[]): Html {
  return html`${list.map(
    ({ path, before, after, text }) =>
      html`<section class="change">${path === '' ? null : html`<h3>${path}</h3>`}${
        text === undefined
          ? html`<pre class="diff">${side('removed', before)}${side('added', after)}</pre>`
          : html`<pre class="diff">${textDiff(text)}</pre>`
      }</section>`,
  )}`;
}

function side(mark: 'removed' | 'added', value: unknown): Html | null {
  if (value === undefined) return null;
  const shown = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
  return html`<span class="line ${mark}"><span class="mark">${mark === 'added' ? '+' : '-'} </span>${cut(shown)}</span>`;
}

function textDiff(lines: readonly DiffLine[]): readonly Html[] {
  const shown = lines.slice(0, MAX_LINES);
  return shown.map((line, index) => {
    const mark = { same: '  ', removed: '- ', added: '+ ', gap: '  ' }[line.mark];
    const text = line.mark === 'gap' ? '…' : cut(line.text);
    // A line in the place of one other: the words that changed.
    const other =
      line.mark === 'removed' ? shown[index + 1] : line.mark === 'added' ? shown[index - 1] : undefined;
    const isPair = other !== undefined && other.mark === (line.mark === 'removed' ? 'added' : 'removed');
    const words = isPair ? changedWords(line, other) : text;
    return html`<span class="line ${line.mark}"><span class="mark">${mark}</span>${words}</span>`;
  });
}

function changedWords(line: DiffLine, other: DiffLine): readonly (Html | string)[] {
  const [before, after] = line.mark === 'removed' ? [line.text, other.text] : [other.text, line.text];
  const wanted = line.mark === 'removed' ? 'removed' : 'added';
  return diffWordsWithSpace(cut(before), cut(after)).flatMap((part): (Html | string)[] => {
    if (part.added || part.removed) return part[wanted] ? [html`<mark>${part.value}</mark>`] : [];
    return [part.value];
  });
}

function callSection(calls: readonly PlayedCall[]): Html | null {
  if (calls.length === 0) return null;
  return html`<h2>Calls of the replay</h2><div class="scroll" tabindex="0" role="group" aria-label="table"><table>
<thead><tr><th scope="col">node</th><th scope="col">call</th><th scope="col">answered</th><th scope="col">nearest recording</th></tr></thead>
<tbody>${calls.map(
    (call) =>
      html`<tr><td>${call.node ?? ''}</td><td>${call.kind} ${call.name}, ${call.ordinal + 1}</td><td>${ANSWERED[call.match]}</td><td>${cut(call.nearest ?? '')}</td></tr>`,
  )}</tbody></table></div>`;
}

const ANSWERED: Readonly<Record<PlayedCall['match'], string>> = {
  exact: 'as recorded',
  ordinal: 'by its place; asked differently',
  live: 'live',
  stub: 'made up',
  miss: 'not at all: nothing recorded fits',
};

function blockedSection(blocked: readonly BlockedCall[]): Html | null {
  if (blocked.length === 0) return null;
  return html`<h2>Blocked</h2><ul class="plain">${blocked.map(
    ({ kind, what, node, at }) =>
      html`<li><b>${kind}</b> ${what}${node === undefined ? '' : ` in ${node}`}${at === undefined ? null : html` <small>at ${at}</small>`}</li>`,
  )}</ul>`;
}

function baselineSection({ baseline }: ReplayResult): Html | null {
  if (baseline === undefined) return null;
  const { diff, stopped } = baseline;
  if (stopped !== undefined)
    return html`<h2>Baseline</h2><p>It could not be replayed, so the record is compared: ${stopped}</p>`;
  if (diff.first === undefined) {
    return html`<h2>Baseline</h2><p>The same as recorded: every difference above is from the patch.</p>`;
  }
  return html`<h2>Baseline</h2><p>It differs from the record; these differences are not from the patch:</p>
<ul class="plain">${diff.divergences.slice(0, 50).map(({ summary, changes: what }) => html`<li>${summary}${changes(what)}</li>`)}</ul>`;
}

function noteSection(notes: readonly string[]): Html | null {
  return notes.length === 0
    ? null
    : html`<h2>Notes</h2><ul class="plain">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}

function cut(text: string): string {
  if (text.length <= MAX_CHARACTERS) return text;
  return `${text.slice(0, MAX_CHARACTERS)} … ${text.length - MAX_CHARACTERS} characters more`;
}
