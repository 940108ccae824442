/** Pairs of letters that make up most words in names and messages; of random letters one pair in five is among them. */
const PAIRS = new Set(
  (
    'ab ac ad ag ai al am an ap ar as at ay ba be bl bo ca ce ch ck cl co cr ct da de di do ds ea ec ed ee ef el em en ep er es et ev ex ' +
    'fa fe fi fo ge gr ha he hi ho ic id ie ig il im in io ir is it iv ke ks la le li ll lo ls ma me mi mo mp na nc nd ne ng ni nn no ns ' +
    'nt oc od ol om on oo op or os ot ou ov ow pa pe pi pl po pp pr pt ra rd re ri rm ro rr rs rt ru ry sa sc se sh si so sp ss st su ta ' +
    'te th ti to tr ts tt ue ul um un ur us ut ve vi wa we'
  ).split(' '),
);

const ID = '<id>';
/** Letters and digits, and what joins them in names and in ids alike. */
const TOKEN = /[\w-]{5,}/g;
/** Left to the pattern of hexadecimal numbers. */
const HEX = /^(?:0x)?[0-9a-f]{7,}$/i;
/** `name-5d9c7b6f4-x2x9z`: Kubernetes names pods by a hash, by five characters, or by both, in an alphabet without vowels. */
const POD =
  /^([a-z][a-z0-9]*(?:-[a-z0-9]+)*?)((?:-(?!\d+(?:-|$))[bcdfghjklmnpqrstvwxz2456789]{5,10})(?:-[bcdfghjklmnpqrstvwxz2456789]{5})?)$/;
/** Words in that alphabet, without digits behind them. */
const VOWELLESS = new Set('btrfs grpc grpcs html http https mssql nfsv ntlmv pgsql psql rfc smtp smtps sslv xhtml'.split(' '));
const ULID = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/i;
const SHORT = '(?:As|At|By|Db|Id|If|In|Io|Ip|Is|My|No|Of|On|Or|To|Up)(?![a-z])';
/** Words in camelCase, acronyms and numbers, or one letter that stands alone. Each as long as it can be: a part is read in one way alone. */
const WORDS = new RegExp(`^(?:[A-Za-z]|(?:[A-Z]?[a-z]{2,}(?![a-z])|[A-Z]{2,}(?![A-Z])|${SHORT}|[vsxVSX]?\\d+(?!\\d))+)$`);
/** The usual length of a nanoid, whose alphabet has `-` and `_` too; `usr_` and the like stand before some. */
const NANOID = 21;
const PREFIXED = /^([a-z]{2,12}[-_])([\w-]{21})$/;
/** From here on what reads like no words is an id. */
const LONG = 16;

/** A text with a placeholder for each generated id that is no number: ULIDs, nanoids, KSUIDs, cuids, suffixes of pods, random keys. */
export const withoutGeneratedIds = (text: string): string => text.replace(TOKEN, (token) => ofToken(token));

function ofToken(token: string): string {
  if (HEX.test(token)) return token;
  const pod = POD.exec(token);
  if (pod) return ofPod(pod[1] as string, pod[2] as string);
  if (isNanoid(token)) return ID;
  const [, prefix = '', rest = ''] = PREFIXED.exec(token) ?? [];
  if (isNanoid(rest)) return prefix + ID;
  const parts = token.split(/([-_]+)/).map((part) => (isId(part) ? ID : part));
  return parts.join('').replace(/<id>(?:[-_]+<id>)+/g, ID);
}

/** A word among what looks like suffixes belongs to the name. */
function ofPod(name: string, suffixes: string): string {
  const [, first = '', ...others] = suffixes.split('-');
  if (!VOWELLESS.has(first.replace(/\d+$/, ''))) return `${name}-${ID}`;
  return [name, first, ...others.map((suffix) => (VOWELLESS.has(suffix.replace(/\d+$/, '')) ? suffix : ID))].join('-');
}

function isNanoid(token: string): boolean {
  if (token.length !== NANOID) return false;
  const words = token.split(/[-_]+/).filter((part) => part.length > 2 && readsLikeWords(part));
  return words.join('').length < NANOID / 2;
}

function isId(part: string): boolean {
  if (part.length < 5 || HEX.test(part)) return false;
  const switches = switchesIn(part);
  if (switches >= 4 || ULID.test(part)) return true;
  return part.length < LONG ? part.length >= 8 && switches === 3 && !WORDS.test(part) : !readsLikeWords(part);
}

/** Places where letters give way to digits, or digits to letters. */
const switchesIn = (part: string): number => part.match(/\d(?=[A-Za-z])|[A-Za-z](?=\d)/g)?.length ?? 0;

/** By how words are put together, and by the letters that follow each other in them. */
function readsLikeWords(part: string): boolean {
  if (!WORDS.test(part) || switchesIn(part) > 2) return false;
  let pairs = 0;
  let usual = 0;
  for (const [word] of part.matchAll(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g)) {
    const letters = word.toLowerCase();
    for (let at = 1; at < letters.length; at++) {
      pairs += 1;
      if (PAIRS.has(letters.slice(at - 1, at + 1))) usual += 1;
    }
  }
  return usual * 2 >= pairs;
}
