/** The style sheet of the summary's page; it follows the reader's light or dark. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5c6776;--line:#d9dfe7;--back:#fff;--card:#f6f8fa;
--good:#1a7f4b;--bad:#b3261e;--c1:#2f6fde;--c2:#1a7f4b;--c3:#c05a00;--c4:#7b3fb5}
@media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa5b4;--line:#333c49;--back:#12161c;--card:#1a2028;
--good:#4cc38a;--bad:#ff8077;--c1:#79a8ff;--c2:#4cc38a;--c3:#f0a04b;--c4:#c79bf2}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
header,main{max-width:1120px;margin:auto;padding:0 24px}
header{padding-top:28px}
h1{font-size:26px;margin:0 0 16px;padding-left:14px;border-left:6px solid currentColor}
header.good h1,b.good{color:var(--good)}
header.bad h1,b.bad{color:var(--bad)}
dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0 0 20px;padding:14px 18px;background:var(--card);border-radius:8px}
dt{color:var(--soft);font-size:12px}
dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:0 0 24px}
caption,figcaption{text-align:left;font-weight:600;padding:6px 0}
td,th{padding:5px 10px;border-top:1px solid var(--line);text-align:left;font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:500;font-size:13px;border-top:0}
.numbers td:not(:first-child),.numbers th:not(:first-child),td:last-child{text-align:right;white-space:nowrap}
code{font-size:13px;color:var(--soft)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,460px),1fr));gap:20px;margin-bottom:24px}
figure{margin:0;padding:10px 14px;background:var(--card);border-radius:8px}
figure svg[role]{display:block;width:100%;height:auto}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--soft);font-size:13px}
.key{display:inline-flex;align-items:center;gap:6px}
.tick{fill:var(--soft);font-size:12px}
.grid{stroke:var(--line)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
.moment{stroke:var(--bad);stroke-dasharray:3 3}
.c1{stroke:var(--c1)}.c2{stroke:var(--c2)}.c3{stroke:var(--c3)}.c4{stroke:var(--c4)}
.notes{color:var(--soft);font-size:13px;max-width:80ch}
`;
