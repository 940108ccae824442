import { INCIDENT_STATES, type Incident, type IncidentState } from '@pipelogiq/protocol';
import { type Command, Option } from 'commander';
import { systemClock } from '../../clock.js';
import { addServerFlags, onServer, type ServerFlags } from '../connection.js';
import type { Output } from '../output.js';
import { addPageFlags, type PageFlags, printPage, readPages } from '../paging.js';
import type { Style } from '../style.js';
import type { Column } from '../table.js';
import { relative } from '../time-words.js';

interface Flags extends ServerFlags, PageFlags {
  status?: IncidentState;
}

/** `pipelogiq alerts incidents` */
export function incidentsCommand(group: Command, output: Output): void {
  const command = group
    .command('incidents')
    .description('what is wrong, and what was, newest first')
    .addOption(new Option('--status <status>', 'of this status').choices(INCIDENT_STATES));
  addServerFlags(addPageFlags(command)).action(async (flags: Flags) => {
    const filter = flags.status === undefined ? {} : { status: flags.status };
    const page = await onServer(flags, (client) =>
      readPages(flags, (page) => client.alerts.incidents({ ...filter, ...page }).page()),
    );
    printPage(output, page, { json: flags.json, none: 'There is no incident.', columns: columns(systemClock().now()) });
  });
}

const LOOKS: Readonly<Record<IncidentState, readonly [string, Style]>> = {
  open: ['● open', 'red'],
  acknowledged: ['◐ acknowledged', 'yellow'],
  resolved: ['✓ resolved', 'green'],
};

const columns = (now: number): Column<Incident>[] => [
  { title: 'ID', value: ({ id }) => id },
  { title: 'STATUS', value: ({ status }) => LOOKS[status][0], style: ({ status }) => LOOKS[status][1] },
  { title: 'SEVERITY', value: ({ severity }) => severity },
  { title: 'TITLE', value: ({ title }) => title, flexible: true },
  { title: 'RULE', value: ({ rule }) => rule.name, flexible: true },
  { title: 'EVENTS', value: ({ events }) => String(events), align: 'right' },
  { title: 'OPENED', value: ({ openedAt }) => relative(openedAt, now), align: 'right' },
  { title: 'LAST EVENT', value: ({ lastEventAt }) => relative(lastEventAt, now), align: 'right' },
  { title: 'MUTED', value: ({ muted = '' }) => muted },
  { title: 'TAKEN BY', value: ({ acknowledgedBy, resolvedBy }) => resolvedBy ?? acknowledgedBy ?? '', flexible: true },
];
