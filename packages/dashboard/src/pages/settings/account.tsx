import { PageHeader } from '../../ui/page.js';

export default function Account() {
  return <PageHeader title="Account" />;
}
