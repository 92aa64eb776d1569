/** What is special about a number: it costs much, or calls to it are a known way to make money. */
export type NumberKind = 'premium' | 'satellite' | 'network' | 'personal' | 'high-risk';

/**
 * Beginnings of international numbers (E.164, without `+`). Global services are those that ITU-T
 * assigned (E.164 annex: 870 Inmarsat, 881 satellite systems, 882 and 883 networks, 878 and 979
 * personal and premium numbers); `premium` and `personal` come from the national numbering plans;
 * `high-risk` are destinations that reports of international revenue share fraud name again and
 * again. The longest beginning that fits decides.
 */
const RANGES: readonly (readonly [NumberKind, readonly string[]])[] = [
  ['satellite', ['870', '8810', '8811', '8812', '8813', '8816', '8817', '8818', '8819', '8835130']],
  ['network', ['882', '883']],
  ['premium', ['979', '1900', '1976', '449', '44871', '44872', '44873', '33897', '33899', '3389']],
  ['premium', ['49900', '43900', '43901', '43930', '43931', '41900', '41901', '41906', '39892']],
  ['premium', ['39895', '39899', '34803', '34806', '34807', '32902', '32903', '32905', '31900']],
  ['premium', ['31906', '31909', '48700', '48701', '48703', '48704', '35190', '358600', '358700']],
  ['premium', ['46900', '46939', '46944', '47829', '4590', '36690', '420900', '420906', '420909']],
  [
    'premium',
    ['351760', '3531520', '353157', '353158', '353159', '61190', '6490', '27862', '7809'],
  ],
  ['personal', ['878', '4470', '1500', '1533', '1544', '39199', '49700', '41878']],
  ['high-risk', ['220', '221', '224', '225', '232', '239', '240', '241', '243', '247', '252']],
  ['high-risk', ['257', '261', '269', '290', '370', '371', '372', '500', '53', '5946', '670']],
  ['high-risk', ['6721', '674', '675', '677', '678', '682', '685', '686', '688', '960', '970']],
  ['high-risk', ['97259', '97256', '992', '996']],
];

/** What follows each digit; `kind` where a beginning ends. */
interface Branch {
  kind: NumberKind | null;
  readonly next: (Branch | undefined)[];
}

const ZERO = 48;
const ROOT = createBranch();
for (const [kind, starts] of RANGES) for (const start of starts) grow(start).kind = kind;

function createBranch(): Branch {
  return { kind: null, next: Array.from({ length: 10 }, () => undefined) };
}

function grow(start: string): Branch {
  let branch = ROOT;
  for (let index = 0; index < start.length; index += 1) {
    branch = branch.next[start.charCodeAt(index) - ZERO] ??= createBranch();
  }
  return branch;
}

/** The kind of an international number (digits only, country code first); null: nothing special. */
export function kindOfNumber(digits: string): NumberKind | null {
  let kind: NumberKind | null = null;
  let branch: Branch | undefined = ROOT;
  for (let index = 0; index < digits.length; index += 1) {
    branch = branch.next[digits.charCodeAt(index) - ZERO];
    if (branch === undefined) break;
    kind = branch.kind ?? kind;
  }
  return kind;
}
