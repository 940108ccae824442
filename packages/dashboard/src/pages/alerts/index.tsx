import { PageHeader } from '../../ui/page.js';
import { type Tab, Tabs } from '../../ui/tabs.js';
import { Channels } from './channels.js';
import { Deliveries } from './deliveries.js';
import { Incidents } from './incidents.js';
import { Rules } from './rules.js';
import { TABS, type TabId, useAlertsSearch } from './search.js';
import { Silences } from './silences.js';

const CONTENT: Record<TabId, Omit<Tab, 'id'>> = {
  incidents: { label: 'Incidents', content: <Incidents /> },
  rules: { label: 'Rules', content: <Rules /> },
  channels: { label: 'Channels', content: <Channels /> },
  silences: { label: 'Silences', content: <Silences /> },
  deliveries: { label: 'Deliveries', content: <Deliveries /> },
};
const tabs: Tab[] = TABS.map((id) => ({ id, ...CONTENT[id] }));

/** What people are told of, by whom, and where; and what became of it. */
export default function AlertsPage() {
  const { search, open } = useAlertsSearch();
  return (
    <>
      <PageHeader title="Alerts" />
      <Tabs
        label="Alerts"
        tabs={tabs}
        value={search.tab ?? 'incidents'}
        onChange={(id) => open(TABS.find((tab) => tab === id) ?? 'incidents')}
      />
    </>
  );
}
