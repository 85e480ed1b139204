/** What every page shares: colours of both schemes, type, tables, badges, print. */
export const PAGE_STYLES = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9;
  --card: #ffffff;
  --ink: #1b1f24;
  --soft: #57606a;
  --line: #d8dde3;
  --hover: #f0f3f6;
  --link: #0b5cc4;
  --pass: #116329;
  --pass-back: #dcf5e3;
  --fail: #a40e26;
  --fail-back: #ffe7e9;
  --warn: #7a4d00;
  --warn-back: #fff3cd;
  --now: #3b7de0;
  --before: #4a5260;
  --code: #eef1f4;
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1216;
    --card: #171b21;
    --ink: #e7ebf0;
    --soft: #a0aab6;
    --line: #2f363f;
    --hover: #1f252d;
    --link: #7db4ff;
    --pass: #6bdc8c;
    --pass-back: #11301b;
    --fail: #ff9aa5;
    --fail-back: #3d141a;
    --warn: #f2c65c;
    --warn-back: #35290a;
    --now: #4f8ff0;
    --before: #c3cbd5;
    --code: #20262e;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; background: var(--page); color: var(--ink); }
.wide { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
.skip, .hidden { position: absolute; left: -9999px; }
.skip:focus { left: 16px; top: 8px; background: var(--card); padding: 4px 12px; border-radius: 6px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h1, h2, h3, p, dl, dd, ol, ul, figure { margin: 0; padding: 0; }
h2 { font-size: 18px; font-weight: 650; letter-spacing: -0.01em; margin: 36px 0 12px; }
a { color: var(--link); }
small { display: block; color: var(--soft); font-size: 12.5px; font-weight: 400; line-height: 1.45; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; font-size: 12.5px; }
.tone-pass { --tone: var(--pass); --tone-back: var(--pass-back); }
.tone-fail { --tone: var(--fail); --tone-back: var(--fail-back); }
.tone-no_verdict { --tone: var(--warn); --tone-back: var(--warn-back); }
.tone-none, .tone-not_applicable { --tone: var(--soft); --tone-back: var(--code); }
.badge {
  display: inline-block; padding: 1px 8px; border-radius: 99px; font-size: 12px; font-weight: 600; line-height: 1.6;
  white-space: nowrap; color: var(--tone); background: var(--tone-back);
}
.badge.quiet { color: var(--soft); background: none; box-shadow: inset 0 0 0 1px var(--line); }
.top { background: var(--card); border-bottom: 1px solid var(--line); border-top: 6px solid var(--tone); padding: 20px 0 24px; }
.brand { font-size: 13px; font-weight: 650; }
.brand span { color: var(--soft); font-weight: 400; }
h1 { font-size: 34px; line-height: 1.2; letter-spacing: -0.02em; margin: 14px 0 4px; overflow-wrap: anywhere; }
h1 .word { color: var(--tone); }
h1 .suite { font-weight: 400; }
.headline { font-size: 17px; max-width: 80ch; overflow-wrap: anywhere; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin-top: 18px; }
.facts dt { color: var(--soft); font-size: 12.5px; }
.facts dd { font-size: 13.5px; overflow-wrap: anywhere; max-width: 60ch; }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 8px 14px; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { font-size: 12.5px; font-weight: 500; color: var(--soft); white-space: nowrap; }
tbody th { font-weight: 600; overflow-wrap: break-word; max-width: 320px; }
.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.strong { font-weight: 650; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 8px 2px 0; color: var(--soft); font-size: 12.5px; }
.key::before { content: ''; display: inline-block; width: 12px; height: 12px; margin-right: 6px; vertical-align: -2px; }
.note { color: var(--soft); margin: 10px 2px; }
footer { color: var(--soft); font-size: 12.5px; padding: 28px 24px 48px; }
footer code { overflow-wrap: anywhere; }
@media (max-width: 720px) {
  .wide { padding: 0 14px; }
  h1 { font-size: 26px; }
  th, td { padding: 8px 10px; }
}
@media (forced-colors: active) { .badge { border: 1px solid; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --code: #f3f3f3;
    --pass: #116329; --pass-back: #fff; --fail: #a40e26; --fail-back: #fff; --warn: #7a4d00; --warn-back: #fff;
    --now: #3b7de0; --before: #333; --link: #000;
    font-size: 10.5pt;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .badge { box-shadow: inset 0 0 0 1px currentColor; }
  .skip, button { display: none !important; }
  .wide { max-width: none; padding: 0; }
  .scroll, .scroll:focus { overflow: visible; }
  h2 { break-after: avoid; }
  tr, figure, .reasons li { break-inside: avoid; }
}
`;

/** What only the report of a run has: plots and examples. */
export const REPORT_STYLES = `
table.scores .plot { min-width: 276px; padding-top: 4px; padding-bottom: 4px; vertical-align: middle; }
.axis { display: flex; justify-content: space-between; width: 260px; }
table.scores { min-width: 860px; }
table.scores tbody td, table.scores tbody th { vertical-align: middle; }
table.scores .with-trust > * { border-bottom: 0; padding-bottom: 0; }
table.scores .trust td { padding-top: 0; padding-bottom: 10px; }
.advisory th, .advisory td { color: var(--soft); }
svg text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.change { display: block; }
.change .beyond { fill: var(--fail-back); }
.change .limit { stroke: var(--fail); stroke-width: 1.5; stroke-dasharray: 3 2; }
.change .zero { stroke: var(--before); stroke-width: 1; }
.change .interval { stroke: var(--ink); stroke-width: 1.5; opacity: 0.75; }
.change .dot { fill: var(--now); stroke: var(--card); stroke-width: 1.5; }
.change .dot.fail { fill: var(--fail); }
.change .dot.pass { fill: var(--pass); }
.advisory .change .dot { fill: var(--soft); }
.dot-key::before { background: var(--soft); border-radius: 50%; width: 10px; height: 10px; }
.zero-key::before { width: 2px; background: var(--before); }
.limit-key::before { background: var(--fail-back); border-right: 2px dashed var(--fail); }
.now-key::before { background: var(--now); border-radius: 2px; }
.before-key::before { border: 1.5px solid var(--before); border-radius: 2px; }
.reasons { list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.reasons li { display: grid; grid-template-columns: 92px 1fr; gap: 12px; align-items: baseline; padding: 9px 14px; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
.reasons li:last-child { border-bottom: 0; }
.reasons .badge { justify-self: start; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 14px; margin-top: 10px; }
.plots figure { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px; }
figcaption { font-weight: 600; font-size: 13.5px; margin-bottom: 6px; overflow-wrap: anywhere; }
figcaption small { display: inline; }
.distribution { width: 100%; height: auto; display: block; overflow: visible; }
.distribution .now { fill: var(--now); opacity: 0.85; }
.distribution .before { fill: none; stroke: var(--before); stroke-width: 1.5; }
.distribution .axis { stroke: var(--line); }
.count { color: var(--soft); font-weight: 400; font-size: 15px; margin-left: 4px; }
.controls { display: flex; flex-wrap: wrap; gap: 8px 14px; align-items: end; position: sticky; top: 0; z-index: 1; background: var(--page); padding: 8px 0 10px; }
.controls label span { display: block; color: var(--soft); font-size: 12.5px; }
.controls label:first-child { flex: 1 1 200px; }
input, select, button { font: inherit; font-size: 13.5px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 5px 10px; min-height: 34px; }
input { width: 100%; }
input::placeholder { color: var(--soft); opacity: 1; }
select { max-width: 210px; }
button { cursor: pointer; }
button:hover, summary:hover { background: var(--hover); }
.examples { list-style: none; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow: clip; }
.examples > li { border-bottom: 1px solid var(--line); content-visibility: auto; contain-intrinsic-size: auto 62px; scroll-margin-top: 76px; }
.examples > li:last-child { border-bottom: 0; }
summary { display: grid; grid-template-columns: 14px minmax(104px, auto) 1fr auto; gap: 2px 10px; align-items: baseline; padding: 9px 14px; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::before { content: '▸'; color: var(--soft); font-size: 11px; }
details[open] > summary::before { content: '▾'; }
summary:focus-visible { outline-offset: -3px; border-radius: 8px; }
summary > .badge { justify-self: start; grid-column: 2; }
summary > .badge.quiet { grid-row: 2; }
.id { font-weight: 600; overflow-wrap: anywhere; grid-column: 3; }
.row-scores { display: flex; flex-wrap: wrap; gap: 0 14px; justify-content: flex-end; grid-column: 4; font-size: 13px; color: var(--soft); font-variant-numeric: tabular-nums; }
.score.worse b { color: var(--fail); }
.score.better b { color: var(--pass); }
.why { grid-column: 3 / -1; color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
.body { padding: 2px 18px 18px 38px; }
.body h3 { font-size: 13px; font-weight: 650; margin: 14px 0 6px; }
.place { color: var(--soft); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(300px, 1fr)); gap: 0 24px; }
.payload { min-width: 0; }
.turn { border-left: 3px solid var(--line); padding: 2px 0 4px 12px; margin: 0 0 8px; overflow-wrap: anywhere; }
.turn.assistant { border-color: var(--now); }
.turn.tool { border-color: var(--before); }
.speaker { color: var(--soft); font-size: 12px; }
.said, .error, .comment { white-space: pre-wrap; unicode-bidi: plaintext; overflow-wrap: anywhere; }
.call { font-size: 13px; }
.call code { overflow-wrap: anywhere; unicode-bidi: plaintext; }
.body pre { background: var(--code); border-radius: 8px; padding: 10px 12px; margin: 0; max-height: 420px; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.cut { color: var(--warn); font-style: italic; }
.inner { width: auto; min-width: min(100%, 420px); font-size: 13.5px; }
.payload + .inner { margin-top: 10px; }
.inner th, .inner td { padding: 4px 18px 4px 0; }
.inner td.worse { color: var(--fail); font-weight: 650; }
.inner td.better { color: var(--pass); font-weight: 650; }
.comment { color: var(--soft); width: 100%; }
.run { border-top: 1px solid var(--line); margin-top: 16px; }
.error { color: var(--fail); }
.command { display: flex; align-items: center; gap: 10px; margin-top: 8px; }
.command .label { color: var(--soft); font-size: 12.5px; width: 48px; }
.command code { background: var(--code); border-radius: 6px; padding: 4px 8px; overflow-wrap: anywhere; }
.copy { min-height: 28px; padding: 2px 10px; font-size: 12.5px; }
@media (max-width: 720px) {
  .controls { position: static; }
  .reasons li { grid-template-columns: 1fr; gap: 2px; }
  .examples > li { contain-intrinsic-size: auto 140px; }
  summary { grid-template-columns: 14px auto 1fr; }
  .id { grid-column: 2 / -1; grid-row: 2; }
  .row-scores { grid-column: 2 / -1; justify-content: flex-start; }
  .why { grid-column: 2 / -1; }
  summary > .badge.quiet { grid-row: 1; grid-column: 3; }
  .body { padding-left: 14px; padding-right: 14px; }
  .command { flex-wrap: wrap; }
}
@media print {
  .controls { display: none; }
  .examples { overflow: visible; }
  .examples > li { content-visibility: visible; break-inside: avoid-page; }
  .examples > li:has(details[open]) { break-inside: auto; }
  .body pre { max-height: none; }
  table.scores { min-width: 0; font-size: 9.5pt; }
  table.scores .plot { min-width: 0; }
  .axis, .change { width: 150px; }
  table.scores th, table.scores td { padding-left: 6px; padding-right: 6px; }
}
`;
