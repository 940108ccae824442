import { PageHeader } from '../../ui/page.js';
import { type Tab, Tabs } from '../../ui/tabs.js';
import { Channels } from './channels.js';
import { Incidents } from './incidents.js';
import { TABS, type TabId, useAlertsSearch } from './search.js';

const CONTENT: Record<TabId, Omit<Tab, 'id'>> = {
  incidents: { label: 'Incidents', content: <Incidents /> },
  channels: { label: 'Channels', content: <Channels /> },
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
