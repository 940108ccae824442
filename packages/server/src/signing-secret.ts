const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
/** Standard Webhooks 1.0, signature scheme. */
export const SIGNING_SECRET_BYTES = { min: 24, max: 64 };

/** The key in a secret of Standard Webhooks. None in a malformed one: an empty key would let anyone sign. */
export function signingKeyOf(secret: string): Buffer | undefined {
  const key = Buffer.from(SECRET.exec(secret)?.[1] ?? '', 'base64');
  return key.length >= SIGNING_SECRET_BYTES.min && key.length <= SIGNING_SECRET_BYTES.max ? key : undefined;
}
