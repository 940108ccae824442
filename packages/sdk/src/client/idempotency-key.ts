import { randomBytes } from 'node:crypto';

/**
 * A UUID version 7 (RFC 9562 §5.7). Its first 48 bits are the time, so that keys made together lie together in the
 * server's index instead of touching a page each.
 *
 * @param now epoch milliseconds
 * @param random ten bytes
 */
export function newIdempotencyKey(now: number = Date.now(), random: Uint8Array = randomBytes(10)): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes.set(random, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
