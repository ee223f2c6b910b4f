/** The page's style: light and dark, from a wide screen down to a phone's. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --card: #f6f7f9; --text: #17202a; --muted: #5b6673; --grid: #dfe3e8;
  --good: #0a7d48; --warn: #9a5b00; --bad: #c2255c;
  --line-0: #1f6feb; --line-1: #d9730d; --line-2: #0f8a7e; --line-3: #8250df; --line-4: #bf3989; --line-5: #57606a; }
@media (prefers-color-scheme: dark) { :root { --back: #12161c; --card: #1b212a; --text: #e6eaf0; --muted: #9aa6b5;
  --grid: #2d3641; --good: #4ac98b; --warn: #e0a33e; --bad: #ff7aa8;
  --line-0: #6cb0ff; --line-1: #ffa657; --line-2: #4fd1c0; --line-3: #c297ff; --line-4: #ff8ac4; --line-5: #9aa6b5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 20px 24px 60px; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 24px; margin: 0; } h2 { font-size: 19px; margin: 36px 0 10px; } h3 { font-size: 15px; margin: 0 0 8px; }
p { margin: 4px 0; } .muted { color: var(--muted); } .good { color: var(--good); } .warn { color: var(--warn); }
.bad { color: var(--bad); }
.tiles { display: grid; gap: 10px; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); margin: 14px 0; }
.tile, .card { background: var(--card); border-radius: 8px; padding: 12px 14px; min-width: 0; }
.tile b { display: block; font-size: 21px; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile span { color: var(--muted); font-size: 13px; }
.plots { display: grid; gap: 14px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 520px), 1fr)); }
.plot { width: 100%; overflow: hidden; } .wide { grid-column: 1 / -1; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: 5px 8px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--grid); }
th { color: var(--muted); font-weight: 500; font-size: 13px; } th:first-child, td:first-child { text-align: left; padding-left: 0; }
.finding { border-left: 4px solid var(--warn); margin: 12px 0; } .finding.fundamental { border-color: var(--line-0); }
.finding ul { margin: 6px 0; padding-left: 20px; } .tag { font-size: 12px; border: 1px solid currentColor; border-radius: 9px; padding: 0 8px; }
.bar { display: flex; height: 14px; border-radius: 4px; overflow: hidden; min-width: 120px; background: var(--grid); }
.bar i { display: block; height: 100%; } .key i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin: 0 4px 0 12px; }
.u-legend { font-size: 13px; color: var(--text); } .u-legend .u-value { font-variant-numeric: tabular-nums; }
.u-legend th, .u-legend td { border: 0; padding: 1px 4px; }
@media (max-width: 600px) { body { padding: 14px 12px 40px; } .tile b { font-size: 18px; } h1 { font-size: 20px; } }
@media print { .card, .tile { break-inside: avoid; } }
`;
