/** The report's one style sheet: no web fonts, no script, nothing fetched. */
export const STYLE = `
:root{color-scheme:light dark;--page:#f6f1e8;--paper:#fffdf9;--ink:#221f1a;--soft:#6f675b;--line:#e2dbcf;--accent:#b3272d}
@media(prefers-color-scheme:dark){:root{--page:#14120f;--paper:#1d1a16;--ink:#efe9de;--soft:#a69d8f;--line:#37322b;--accent:#ef6a5e}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:17px/1.6 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:860px;margin:0 auto;padding:56px 20px 72px}
h1,h2{font-family:ui-serif,Georgia,"Times New Roman",serif;font-weight:600;line-height:1.15;text-wrap:balance}
h1{font-size:clamp(36px,7vw,60px);margin:8px 0 16px;letter-spacing:-.02em}
h2{font-size:clamp(24px,4vw,32px);margin:0 0 8px}
h3{font-size:15px;margin:24px 0 6px}
p{margin:0 0 16px;max-width:66ch}
.kicker{color:var(--accent);font-size:13px;font-weight:600;letter-spacing:.09em;text-transform:uppercase;margin:0}
.lede{font-size:20px;color:var(--soft)}
.soft{color:var(--soft)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(140px,1fr));gap:12px;margin:32px 0 40px;padding:0}
.tiles div{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:14px 16px;display:flex;flex-direction:column;justify-content:space-between}
.tiles dt{color:var(--soft);font-size:14px;line-height:1.3}
.tiles dd{margin:6px 0 0;white-space:nowrap;font:600 20px/1.25 ui-serif,Georgia,serif;font-variant-numeric:tabular-nums}
section{background:var(--paper);border:1px solid var(--line);border-radius:16px;padding:30px clamp(18px,4vw,36px);margin:0 0 20px}
figure{margin:20px 0 0;overflow-x:auto}
figure svg{display:block;width:100%;min-width:600px}
details{margin-top:20px}
summary{cursor:pointer;color:var(--accent);font-weight:600;font-size:15px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:15px;margin-top:10px}
th{text-align:left;color:var(--soft);font-weight:500;font-size:13px}
th,td{padding:7px 10px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
tr:last-child td{border-bottom:0}
.num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.num,td.num{padding-right:20px}
th:last-child,td:last-child{padding-right:0}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(290px,1fr));gap:8px 36px}
code{font:.88em ui-monospace,SFMono-Regular,Menlo,monospace;overflow-wrap:anywhere}
ol{padding-left:22px;margin:0 0 16px}
li{margin-bottom:5px}
footer{color:var(--soft);font-size:14px;padding:4px 4px 0}
@media print{body{background:none}section{break-inside:avoid}}
`.trim();
