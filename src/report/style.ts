/** The style of the report page: system fonts, light and dark by the reader's choice, and a form for paper. */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #5b6470; --paper: #ffffff; --panel: #f5f7f9; --line: #d7dde3;
  --good: #116329; --good-bg: #dff5e5; --bad: #a40e26; --bad-bg: #fde4e6; --note: #7a4b00; --note-bg: #fdf0d2;
  --idle: #4a5361; --idle-bg: #e7ebef; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #9aa5b1; --paper: #14171a; --panel: #1d2125;
  --line: #363d44; --good: #7ee2a0; --good-bg: #143822; --bad: #ff9ea8; --bad-bg: #4a1820; --note: #f4c76b;
  --note-bg: #43320f; --idle: #b8c1cb; --idle-bg: #2c333a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 70rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 .25rem; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.25rem 0 .6rem; font-size: 1.15rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { margin: 0 0 .3rem; font-size: 1rem; }
p { margin: .4rem 0; }
.soft { color: var(--soft); }
code, pre, .mono { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
pre { margin: .5rem 0 0; padding: .6rem .75rem; max-height: 22rem; overflow: auto; white-space: pre-wrap;
  background: var(--panel); border: 1px solid var(--line); border-radius: 4px; }
td > p, td > pre:first-child { margin: 0; }
dl { display: grid; align-items: baseline; grid-template-columns: max-content 1fr; gap: .2rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; color: var(--soft); }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { white-space: nowrap; }
td.wide:first-child { white-space: normal; }
td.number, th.number { padding-right: 1.5rem; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.wide { overflow-wrap: anywhere; }
.mark { display: inline-block; padding: 0 .55rem; border-radius: 999px; font-size: .85rem; font-weight: 600;
  white-space: nowrap; }
.pass { color: var(--good); background: var(--good-bg); }
.fail { color: var(--bad); background: var(--bad-bg); }
.advice { color: var(--note); background: var(--note-bg); }
.skip { color: var(--idle); background: var(--idle-bg); }
.summary { grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem 1.25rem; margin: 1rem 0 0; }
.summary dd { font-weight: 600; }
a { color: inherit; }
tr:target { background: var(--panel); }
summary { cursor: pointer; padding: .25rem 0; }
.verdict { margin: 1rem 0 0; padding: .8rem 1rem; border-radius: 6px; font-weight: 600; }
.finding { margin: 0 0 1rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
ul { margin: .3rem 0; padding-left: 1.2rem; }
@media print { :root { color-scheme: light; --ink: #000; --soft: #444; --paper: #fff; --panel: #fff; --line: #999;
    --good: #063; --good-bg: #fff; --bad: #900; --bad-bg: #fff; --note: #630; --note-bg: #fff; --idle: #444;
    --idle-bg: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .summary { grid-template-columns: repeat(5, auto); }
  h2 { margin-top: 1.4rem; }
  details::details-content { display: block; block-size: auto; content-visibility: visible; }
  @page { size: A4; margin: 15mm; }
  pre { max-height: none; overflow: visible; }
  .mark, .verdict { border: 1px solid currentColor; }
  tr, .finding { break-inside: avoid; }
  h2, h3 { break-after: avoid; } }
`;
