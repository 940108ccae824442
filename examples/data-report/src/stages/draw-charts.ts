import { join } from 'node:path';
import { drawCalendar } from '../charts/calendar.js';
import { drawGenres } from '../charts/genres.js';
import { drawRatings } from '../charts/ratings.js';
import { drawTop } from '../charts/top.js';
import { type BoxOffice, type Chart, drawCharts, type Genres, type Ratings } from '../contracts.js';
import { folderOf, writeWhole } from '../files.js';

interface Figures {
  boxOffice: BoxOffice;
  genres: Genres;
  ratings: Ratings;
}

/** How to draw each chart, in the order of the report. */
export const CHARTS: readonly { id: Chart['id']; draw: (figures: Figures) => string }[] = [
  { id: 'top', draw: ({ boxOffice }) => drawTop(boxOffice) },
  { id: 'calendar', draw: ({ boxOffice }) => drawCalendar(boxOffice) },
  { id: 'genres', draw: ({ genres }) => drawGenres(genres) },
  { id: 'ratings', draw: ({ ratings }) => drawRatings(ratings) },
];

/** Draws every chart into its own SVG file; their paths are the output. */
export const drawChartsWorker = drawCharts.handle(async ({ outputDir, ...figures }, job) => {
  const folder = join(folderOf(outputDir, job.pipelineId), 'charts');
  const charts: Chart[] = [];
  for (const { id, draw } of CHARTS) {
    const path = join(folder, `${id}.svg`);
    await job.step(`draw ${id}`, () => writeWhole(path, draw(figures)));
    charts.push({ id, path });
    await job.progress(charts.length / CHARTS.length, `drew ${id}`);
  }
  job.log.info('charts drawn', { charts: charts.length });
  return { charts };
});
