/** What the page of a replay adds to the style that every page shares. */
export const REPLAY_STYLES = `
main { padding-bottom: 48px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; margin-bottom: 10px; }
.first { border-left: 6px solid var(--warn); }
.change h3 { font-size: 13px; margin: 10px 0 4px; color: var(--soft); overflow-wrap: anywhere; }
.diff { background: var(--code); border-radius: 6px; padding: 8px 0; margin: 4px 0; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.line { display: block; padding: 0 10px; }
.line .mark, td.mark { user-select: none; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.line.removed, .messages .removed { background: var(--fail-back); color: var(--fail); }
.line.added, .messages .added { background: var(--pass-back); color: var(--pass); }
.line mark { background: none; color: inherit; font-weight: 700; text-decoration: underline; }
.totals { margin-top: 10px; color: var(--soft); }
.tree td { width: 49%; padding: 4px 14px; }
.tree td.mark { width: 2%; text-align: center; padding: 4px 0; }
.tree small { display: inline; margin: 0 4px; }
.tree tr.same td { color: var(--soft); }
.tree tr.changed td { background: var(--warn-back); }
.tree tr.removed td { background: var(--fail-back); }
.tree tr.added td { background: var(--pass-back); }
.tree .why td { background: none; padding-left: 28px; font-size: 13px; }
${Array.from({ length: 9 }, (_, depth) => `.depth-${depth} { padding-left: ${depth * 20}px; }`).join('\n')}
.messages, .plain { list-style: none; }
.messages li { padding: 4px 10px; border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
.plain li { padding: 4px 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
ol { padding-left: 24px; }
`;
