import { PartHeader } from '../../ui/page.js';
import { Password } from './password.js';
import { Sessions } from './sessions.js';

/** What concerns who is signed in: their password, and where else they are signed in. */
export default function Account() {
  return (
    <>
      <PartHeader title="Account" description="Your password, and where you are signed in." />
      <div className="grid items-start gap-4 xl:grid-cols-[22rem_minmax(0,1fr)]">
        <Password />
        <Sessions />
      </div>
    </>
  );
}
