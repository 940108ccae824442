import { BlockList, isIP } from 'node:net';

/** Which addresses may be called. */
export interface Networks {
  /** @param address - an IPv4 or IPv6 address; anything else may not be called */
  mayCall(address: string): boolean;
}

/** Not one of these is an address of the public internet (IANA special-purpose registry; RFC 6890). */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this host; Linux takes 0.0.0.0 for the loopback
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // behind carriers' NAT
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // the platform of Azure, from inside its machines
  ['169.254.0.0', 16], // link-local, with the metadata services of clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, with the broadcast address
];

/** All else is loopback, local, multicast, or a way to an IPv4 address: NAT64 (64:ff9b::/96) and ::/96 lie outside. */
const GLOBAL_IPV6: readonly [string, number] = ['2000::', 3];
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // Teredo and other protocols that carry IPv4 inside
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4: the IPv4 address stands inside
  ['3fff::', 20],
];
const MAPPED: readonly [string, number] = ['::ffff:0:0', 96];

type Family = 'ipv4' | 'ipv6';
const familyOf = (address: string): Family | undefined => (({ 4: 'ipv4', 6: 'ipv6' }) as const)[isIP(address) as 4 | 6];

function listOf(family: Family, networks: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of networks) list.addSubnet(network, prefix, family);
  return list;
}

const specialIpv4 = listOf('ipv4', SPECIAL_IPV4);
const globalIpv6 = listOf('ipv6', [GLOBAL_IPV6]);
const specialIpv6 = listOf('ipv6', SPECIAL_IPV6);
const mapped = listOf('ipv6', [MAPPED]);

/** A list of IPv4 networks knows the IPv4 address inside an IPv4-mapped one too. */
function isPublic(address: string, family: Family): boolean {
  if (family === 'ipv4' || mapped.check(address, 'ipv6')) return !specialIpv4.check(address, family);
  return globalIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
}

/** `10.1.0.0/16`, `fd00::/8`, or one address. */
interface Allowed {
  network: string;
  prefix: number;
  family: Family;
}

/** @throws Error naming the entry that is no network */
function parseNetwork(text: string): Allowed {
  const [, network = '', digits] = /^([0-9a-f:.]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const family = familyOf(network);
  const most = family === 'ipv4' ? 32 : 128;
  const prefix = digits === undefined ? most : Number(digits);
  if (family === undefined || prefix > most) {
    throw new Error(`${JSON.stringify(text)} is no network; write it as 10.1.0.0/16, fd00::/8 or 127.0.0.1`);
  }
  return { network, prefix, family };
}

/**
 * Whether an address is in one of these networks: CIDRs or addresses with commas between them.
 * @throws Error naming an entry that is no network
 */
export function networkList(text: string): (address: string) => boolean {
  const lists = listsOf(text);
  return (address) => {
    const family = familyOf(address);
    return family !== undefined && (lists[family].check(address, family) || lists.ipv4.check(address, family));
  };
}

function listsOf(text: string): Record<Family, BlockList> {
  const given = text.split(',').flatMap((entry) => (entry.trim() === '' ? [] : [parseNetwork(entry.trim())]));
  // By family: an IPv4 address would also be found in an IPv6 network that holds the mapped ones.
  const of = (family: Family): BlockList =>
    listOf(
      family,
      given.filter((entry) => entry.family === family).map(({ network, prefix }) => [network, prefix]),
    );
  return { ipv4: of('ipv4'), ipv6: of('ipv6') };
}

/**
 * The addresses of the public internet, and those of the networks in `allow`: CIDRs or addresses with commas between them.
 * @throws Error naming an entry that is no network
 */
export function networks(allow = ''): Networks {
  const isAllowed = networkList(allow);
  return {
    mayCall(address) {
      const family = familyOf(address);
      if (family === undefined) return false;
      return isPublic(address, family) || isAllowed(address);
    },
  };
}
