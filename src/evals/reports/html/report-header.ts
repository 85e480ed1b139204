import { callsByExample } from '../../gate/index.ts';
import { headline } from '../headline.ts';
import type { ReportPage } from '../report-page.ts';
import { verdictWord } from '../verdict-label.ts';
import { type Html, html } from './markup.ts';

/** The verdict and what was run. */
export function reportHeader({ results, verdict, gated }: ReportPage): Html {
  const { head, calls, finishedAt, baseline } = results;
  const examples = callsByExample(calls).length;
  const extra = verdict.rounds.extra;
  const size = [
    `${examples} example${examples === 1 ? '' : 's'}`,
    ...(head.repeats > 1 ? [`${head.repeats} repeats`] : []),
    ...(extra > 0 ? [`${extra} extra round${extra === 1 ? '' : 's'}`] : []),
    `${calls.length} calls`,
  ].join(', ');
  const facts: (readonly [string, string])[] = [
    ['Size', size],
    ['Target', head.target],
    ['Dataset', head.split === undefined ? head.dataset : `${head.dataset}, split ${head.split}`],
    ...(head.commit === undefined ? [] : [['Commit', shortCommit(head.commit)] as const]),
    ...(baseline == null
      ? []
      : [
          [
            'Baseline',
            `accepted ${day(baseline.acceptedAt)}${baseline.commit === undefined ? '' : `, commit ${shortCommit(baseline.commit)}`}`,
          ] as const,
        ]),
    ...(head.shard === undefined ? [] : [['Shard', `${head.shard.index} of ${head.shard.of}`] as const]),
    ...(head.cached === true ? [['Answers', 'from the cache where it has them'] as const] : []),
    ['Finished', `${finishedAt.slice(0, 16).replace('T', ' ')} UTC`],
    ['Run', head.runId],
  ];
  const tone = gated ? (verdict.label === 'fail_unconfirmed' ? 'fail' : verdict.status) : 'none';
  return html`<header class="top tone-${tone}"><div class="wide"><p class="brand">Sluicegate <span>evaluation report</span></p><h1><span class="word">${gated ? verdictWord(verdict) : 'NOT GATED'}</span> <span class="suite">${head.suite}</span></h1><p class="headline">${gated ? sentence(headline(verdict)) : 'The scores of a run that was compared with nothing.'}</p><dl class="facts">${facts.map(
    ([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl></div></header>`;
}

/** `0123456789ab-dirty.89abcdef` of a whole commit. */
export function shortCommit(commit: string): string {
  return commit.replace(/^(.{12}).*?(-dirty(\.[0-9a-f]+)?)?$/s, '$1$2');
}

function day(iso: string): string {
  return iso.slice(0, 10);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
}
