import { dollars, escaped, percent, times } from './chart.js';
import type { BoxOffice, Chart, Divided, Finding, Genres, Quality, Ratings, Source } from './contracts.js';
import { BASE_YEAR } from './films.js';
import { STYLE } from './report-style.js';

export interface ReportFacts {
  source: Source;
  quality: Quality;
  prices: { source: string; attempt: number };
  boxOffice: BoxOffice;
  genres: Genres;
  ratings: Ratings;
  /** Markup of each chart. */
  svg: Readonly<Record<Chart['id'], string>>;
  pipelineId: string;
  traceId: string;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');
const count = (value: number): string => value.toLocaleString('en-US');

/** One HTML document that needs nothing beside it. */
export function renderReport(facts: ReportFacts): string {
  const sections = [takings, calendar, genreOdds, opinions, dataQuality, howItWasMade].map((section) => section(facts));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>A century at the box office</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${opening(facts)}
${sections.join('\n')}
<footer>Data: vega-datasets (${escaped(facts.source.name)}); prices: ${escaped(facts.prices.source)}.</footer>
</main>
</body>
</html>
`;
}

function opening({ boxOffice, quality }: ReportFacts): string {
  const repaired = quality.repaired.reduce((total, finding) => total + finding.count, 0);
  const tiles: [string, string][] = [
    ['films', count(quality.kept)],
    ['years', `${boxOffice.firstYear}–${boxOffice.lastYear}`],
    [`US takings, in ${BASE_YEAR} dollars`, dollars(boxOffice.totalInBaseYear)],
    ['values repaired', count(repaired)],
    ['rows rejected', count(quality.read - quality.kept)],
  ];
  return `<header>
<p class="kicker">A Pipelogiq data report</p>
<h1>A century at the box office</h1>
<p class="lede">What ${count(quality.kept)} films cost, took and were thought of. Money of different years is made comparable with consumer
prices; rows that could not be trusted were left out, and this page says which.</p>
<dl class="tiles">${tiles.map(([name, value]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(value)}</dd></div>`).join('')}</dl>
</header>`;
}

function takings({ boxOffice, svg }: ReportFacts): string {
  const [first] = boxOffice.top;
  const record = boxOffice.top.find((film) => film.nominalRank === 1);
  const beaten = record ? boxOffice.top.indexOf(record) + 1 : undefined;
  return section(
    `In constant dollars, ${first?.title ?? 'nobody'} leads`,
    `<p>Counted in dollars of the time it is number ${first?.nominalRank}. ${
      record && beaten !== undefined && beaten > 1
        ? `The record of ${escaped(record.title)}, ${dollars(record.gross)}, is worth place ${beaten}.`
        : ''
    } Films that came back to the cinemas have all their takings booked in their first year, which favours the oldest ones.</p>`,
    svg.top,
    details(
      'The figures',
      table(
        ['Film', 'Year', '#Dollars of the time', '#Place then', `#Dollars of ${BASE_YEAR}`],
        boxOffice.top.map((film) => [
          film.title,
          String(film.year),
          dollars(film.gross),
          String(film.nominalRank),
          dollars(film.grossInBaseYear),
        ]),
      ),
    ),
  );
}

function calendar({ boxOffice, svg }: ReportFacts): string {
  const ranked = [...boxOffice.months].sort((a, b) => b.median - a.median);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  const name = (month: number | undefined) => MONTHS[(month ?? 1) - 1] ?? '';
  const ratio = best && worst && worst.median > 0 ? best.median / worst.median : 1;
  return section(
    `${name(best?.month)} pays ${times(ratio)} what ${name(worst?.month)} pays`,
    `<p>The median film released in ${name(best?.month)} took ${dollars(best?.median ?? 0)} at US box offices, one of ${name(worst?.month)}
${dollars(worst?.median ?? 0)}. Studios know it: the big films open in summer and before the end of the year.</p>`,
    svg.calendar,
  );
}

function genreOdds({ genres, svg }: ReportFacts): string {
  const safest = [...genres.genres].sort((a, b) => a.lostMoney - b.lostMoney)[0];
  return section(
    `${safest?.genre ?? 'No genre'} is the safest bet`,
    `<p>${percent(safest?.lostMoney ?? 0)} of its films took less worldwide than they cost to make. Cinemas keep about half of the takings and
marketing comes on top, so a film is safe at about twice its budget. Films without a known genre are left out.</p>`,
    svg.genres,
    details(
      'The figures',
      table(
        ['Genre', '#Films', '#Median budget', '#Lower quartile', '#Median', '#Upper quartile', '#Below budget'],
        genres.genres.map((genre) => [
          genre.genre,
          count(genre.films),
          dollars(genre.medianBudget),
          times(genre.lowerQuartile),
          times(genre.median),
          times(genre.upperQuartile),
          percent(genre.lostMoney),
        ]),
      ),
    ),
  );
}

function opinions({ ratings, svg }: ReportFacts): string {
  const list = (films: readonly Divided[]) =>
    table(
      ['Film', '#Critics', '#Audience'],
      films.map((film) => [`${film.title} (${film.year})`, String(film.critics), film.audience.toFixed(1)]),
    );
  return section(
    'Critics and audiences mostly agree',
    `<p>Over ${count(ratings.films)} films with at least ${count(ratings.fewestVotes)} votes the correlation is ${ratings.correlation}. The quarrels are the
better reading. ${count(ratings.sharedTitles)} films that share their title with another one are left out, because the source mixes their ratings up.</p>`,
    svg.ratings,
    `<div class="pair"><div><h3>Critics loved them</h3>${list(ratings.criticsOnly)}</div><div><h3>Audiences loved them</h3>${list(ratings.audienceOnly)}</div></div>`,
  );
}

function dataQuality({ quality }: ReportFacts): string {
  const group = (title: string, findings: readonly Finding[]) =>
    findings.length === 0
      ? ''
      : `<h3>${escaped(title)}</h3>${table(
          ['What', '#Rows', 'For example'],
          findings.map((finding) => [finding.what, count(finding.count), finding.examples.join(' · ')]),
        )}`;
  return section(
    'What was wrong with the data',
    `<p>Of ${count(quality.read)} rows ${count(quality.kept)} were kept.</p>`,
    '',
    group('Rejected', quality.rejected) + group('Repaired', quality.repaired) + group('Kept, with gaps', quality.gaps),
  );
}

function howItWasMade({ source, prices, pipelineId, traceId }: ReportFacts): string {
  const refused = prices.attempt - 1;
  return section(
    'How this page was made',
    `<ol>
<li><b>fetch</b> read ${count(source.rows)} rows (${count(source.bytes)} bytes, SHA-256 <code>${escaped(source.sha256.slice(0, 16))}…</code>).</li>
<li><b>prices</b> asked a price service at the same time; ${
      refused === 0
        ? 'it answered at once'
        : `it refused ${refused === 1 ? 'the first call' : `${refused} calls`}, and attempt ${prices.attempt} succeeded`
    }.</li>
<li><b>validate</b> checked every row against a schema.</li>
<li><b>box-office</b>, <b>genres</b> and <b>ratings</b> summed up in parallel.</li>
<li><b>charts</b> drew four SVG files, <b>report</b> wrote this page.</li>
</ol>
<p class="soft">Pipeline <code>${escaped(pipelineId)}</code> · trace <code>${escaped(traceId)}</code></p>`,
  );
}

function section(heading: string, text: string, figure = '', rest = ''): string {
  return `<section>\n<h2>${escaped(heading)}</h2>\n${text}${figure && `\n<figure>${figure}</figure>`}\n${rest}\n</section>`;
}

const details = (summary: string, body: string): string => `<details><summary>${escaped(summary)}</summary>${body}</details>`;

/** A heading that begins with # makes a column of numbers. */
function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const style = headings.map((heading) => (heading.startsWith('#') ? ' class="num"' : ''));
  const head = headings.map((heading, column) => `<th scope="col"${style[column]}>${escaped(heading.replace(/^#/, ''))}</th>`);
  const body = rows.map((row) => `<tr>${row.map((cell, column) => `<td${style[column]}>${escaped(cell)}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}
