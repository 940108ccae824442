import type { ApiKeyCreated } from '@pipelogiq/protocol';
import { API_URL } from '../../../api/http.js';
import { formatExact } from '../../../lib/format.js';
import { CodeBlock } from '../../../ui/code.js';
import { ShownOnce } from '../shown-once.js';

const snippet = (key: string) => `export PIPELOGIQ_URL=${API_URL}
export PIPELOGIQ_API_KEY=${key}
curl "$PIPELOGIQ_URL/auth/me" -H "Authorization: Bearer $PIPELOGIQ_API_KEY"`;

/** The key itself, with what makes programs use it. */
export function Secret({ created, onClose }: { created: ApiKeyCreated; onClose(): void }) {
  const { name, key, oldSecretUntil } = created;
  const isRotated = oldSecretUntil !== undefined;
  return (
    <ShownOnce title={isRotated ? `New secret of ${name}` : `Key ${name}`} label="key" secret={key} onClose={onClose}>
      {isRotated && (
        <p className="text-ink-2">
          {Date.parse(oldSecretUntil) > Date.now()
            ? `The secret before it works until ${formatExact(Date.parse(oldSecretUntil))}.`
            : 'The secret before it works no more.'}
        </p>
      )}
      <div>
        <p className="mb-1 text-ink-2">The SDK, the command line and curl take it from the environment:</p>
        <CodeBlock label="snippet" code={snippet(key)} />
      </div>
    </ShownOnce>
  );
}
