import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';

/** What the other rooms see of it: secrets that must come back as they were, unlike tokens, of which a hash is enough. */
export interface Secrets {
  /** Why no secret can be kept, in words for whoever runs the server; undefined when all is well. */
  unavailable(): string | undefined;
  /** Whether a sealed text, or its first eleven characters, needs the key that is here. Throws where there is none. */
  isSealedHere(head: string): boolean;
  /**
   * Encrypts `text` for one place, as `hook:7`: what is copied to another place cannot be opened there.
   * @throws NoSecretKey where there is none
   */
  seal(text: string, place: string): string;
  /**
   * What was sealed for this place.
   * @throws NoSecretKey where there is none
   * @throws Error when it was sealed with another key or for another place, or was changed; the message holds nothing of it
   */
  open(sealed: string, place: string): string;
}

/** There is no key to encrypt with. The message says how to get one. */
export class NoSecretKey extends Error {
  override readonly name = 'NoSecretKey';
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12; // NIST SP 800-38D §8.2.2: random nonces of 96 bits; safe for 2^32 secrets under one key
const TAG_BYTES = 16;
const FORM = /^v1\.([0-9a-f]{8})\.([\w-]+)$/;

/**
 * AES-256-GCM under a key that is derived from `master`, which is asked for with the first secret. A sealed text reads
 * `v1.<key id>.<base64url of nonce, ciphertext and tag>`; the key's id says which key it needs, and nothing else of it.
 */
export function createSecrets(deps: { master(): string; randomBytes(bytes: number): Buffer }): Secrets {
  let known: { key: Buffer; id: string } | undefined;
  const current = () => {
    known ??= deriveKey(deps.master());
    return known;
  };
  return {
    unavailable() {
      try {
        current();
        return undefined;
      } catch (error) {
        if (error instanceof NoSecretKey) return error.message;
        throw error;
      }
    },
    isSealedHere: (head) => head.startsWith(`v1.${current().id}`),
    seal(text, place) {
      const { key, id } = current();
      const nonce = deps.randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `v1.${id}.${sealed.toString('base64url')}`;
    },
    open(sealed, place) {
      const { key, id } = current();
      const [, sealedUnder, body = ''] = FORM.exec(sealed) ?? [];
      if (sealedUnder === undefined) throw new Error(`the secret of ${place} is not one that was sealed`);
      if (sealedUnder !== id) throw new Error(`the secret of ${place} was sealed with the key ${sealedUnder}; this one is ${id}`);
      return decrypt(Buffer.from(body, 'base64url'), key, place);
    },
  };
}

function decrypt(bytes: Buffer, key: Buffer, place: string): string {
  try {
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new Error(`the secret of ${place} was changed, or sealed for another place`, { cause });
  }
}

/** HKDF (RFC 5869): whatever form the master secret has, the key has 256 bits and serves this purpose only. */
function deriveKey(master: string): { key: Buffer; id: string } {
  const key = Buffer.from(hkdfSync('sha256', master, '', 'pipelogiq secrets v1', 32));
  return { key, id: hash('sha256', `id of ${key.toString('hex')}`).slice(0, 8) };
}
