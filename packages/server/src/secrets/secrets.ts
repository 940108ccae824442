import { createCipheriv, createDecipheriv, hash, hkdfSync } from 'node:crypto';

/** What the other rooms see of it: secrets that must come back as they were, unlike tokens, of which a hash is enough. */
export interface Secrets {
  /** Why no secret can be kept, in words for whoever runs the server; undefined when all is well. */
  unavailable(): string | undefined;
  /** Whether a sealed text, or its first eleven characters, needs a key that is here. Throws where there is none. */
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
  /** What was sealed with another key that is here, sealed with the key of new secrets; undefined when it is already. Throws as `open`. */
  reseal(sealed: string, place: string): string | undefined;
}

/** There is no key to encrypt with. The message says how to get one. */
export class NoSecretKey extends Error {
  override readonly name = 'NoSecretKey';
}

const ALGORITHM = 'aes-256-gcm';
const NONCE_BYTES = 12; // NIST SP 800-38D §8.2.2: random nonces of 96 bits; safe for 2^32 secrets under one key
const TAG_BYTES = 16;
const FORM = /^v1\.([0-9a-f]{8})\.([\w-]+)$/;

interface Key {
  key: Buffer;
  id: string;
}

export interface SecretsDeps {
  /** Of the key that seals; asked for once. */
  master(): string;
  /** Of keys that only open: while a key is changed there are secrets of both. Asked for once, with the first that needs one. */
  others?(): readonly string[];
  randomBytes(bytes: number): Buffer;
}

/** Eight digits that tell keys apart, and nothing else of them; they stand in every sealed text. */
export const keyIdOf = (master: string): string => deriveKey(master).id;

/**
 * AES-256-GCM under a key that is derived from `master`, which is asked for with the first secret. A sealed text reads
 * `v1.<key id>.<base64url of nonce, ciphertext and tag>`; the key's id says which key it needs, and nothing else of it.
 */
export function createSecrets(deps: SecretsDeps): Secrets {
  let known: Key | undefined;
  let knownOthers: readonly Key[] | undefined;
  const current = () => {
    known ??= deriveKey(deps.master());
    return known;
  };
  const keyOf = (id: string): Key | undefined => {
    if (current().id === id) return current();
    knownOthers ??= (deps.others?.() ?? []).map(deriveKey);
    return knownOthers.find((other) => other.id === id);
  };
  const open = (sealed: string, place: string): string => {
    const [, sealedUnder, body = ''] = FORM.exec(sealed) ?? [];
    if (sealedUnder === undefined) throw new Error(`the secret of ${place} is not one that was sealed`);
    const key = keyOf(sealedUnder);
    if (key) return decrypt(Buffer.from(body, 'base64url'), key.key, place);
    throw new Error(`the secret of ${place} was sealed with the key ${sealedUnder}; this one is ${current().id}`);
  };
  const seal = (text: string, place: string): string => {
    const { key, id } = current();
    const nonce = deps.randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v1.${id}.${sealed.toString('base64url')}`;
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
    isSealedHere: (head) => keyOf(head.slice(3, 11)) !== undefined,
    seal,
    open,
    reseal(sealed, place) {
      const text = open(sealed, place); // also of one that stays: what cannot be opened is to be known before the old key goes
      return sealed.startsWith(`v1.${current().id}.`) ? undefined : seal(text, place);
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
function deriveKey(master: string): Key {
  const key = Buffer.from(hkdfSync('sha256', master, '', 'pipelogiq secrets v1', 32));
  return { key, id: hash('sha256', `id of ${key.toString('hex')}`).slice(0, 8) };
}
