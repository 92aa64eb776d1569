import { SCOPES } from '../../core/model/block.js';
import { DAY_S, key, TEN_YEARS_S } from './key.js';
import { argument, choice, decimal, duration, integer, listOf, peer, sipPort } from './readers.js';

/** The section [blocking]. */
export const BLOCKING_KEYS = {
  mode: key(
    'mode',
    choice(['enforce', 'observe']),
    'enforce',
    'enforce writes firewall rules; observe decides and records, and writes none.',
  ),
  backend: key(
    'backend',
    choice(['nftables', 'ufw', 'hook']),
    'nftables',
    'What the blocks are written with: nftables, ufw, or a program of yours (hook).',
  ),
  hookCommand: key(
    'hook_command',
    listOf(argument, 0),
    '',
    'For backend hook: the program and its first arguments, separated by commas.',
  ),
  threshold: key(
    'threshold',
    integer(1, 1_000_000, 'points'),
    '100',
    'Score at which a source is blocked, in points.',
  ),
  scoreHalfLifeS: key(
    'score_half_life',
    duration(1, 30 * DAY_S),
    '1h',
    'Time in which a score without new sightings falls to half.',
  ),
  durationS: key(
    'duration',
    duration(1, TEN_YEARS_S),
    '1h',
    'How long the first block of a source lasts.',
  ),
  durationFactor: key(
    'duration_factor',
    decimal(1, 1_000),
    '4',
    'Each further block of a source lasts this many times longer.',
  ),
  durationMaxS: key(
    'duration_max',
    duration(1, TEN_YEARS_S),
    '30d',
    'No block that the agent decides lasts longer.',
  ),
  unproven: key(
    'unproven',
    choice(['none', ...SCOPES]),
    'sip',
    'What is blocked of a source whose address is unproven (a UDP source can be forged). beside ' +
      'closes everything but the trap also to whose name is forged: for a honeypot alone.',
  ),
  unprovenDurationS: key(
    'unproven_duration',
    duration(1, 30 * DAY_S),
    '10m',
    'How long the block of an unproven source lasts.',
  ),
  scope: key(
    'scope',
    choice(SCOPES),
    'all',
    'What is blocked of a proven source. all: everything, for a host with a PBX; sip: the SIP ports; ' +
      'beside: everything but the trap, for a honeypot, which goes on hearing and answering it. ' +
      'A flood that harms the trap is blocked wholly all the same.',
  ),
  prefixIpv4: key(
    'prefix_ipv4',
    integer(8, 32, 'a prefix length'),
    '32',
    'Length of the network that counts, and is blocked, as one IPv4 source.',
  ),
  prefixIpv6: key(
    'prefix_ipv6',
    integer(16, 128, 'a prefix length'),
    '64',
    'Length of the network that counts, and is blocked, as one IPv6 source.',
  ),
  prefixBlockSources: key(
    'prefix_block_sources',
    integer(0, 64),
    '5',
    'Proven sources of one network that are blocked before the network is; 0: never.',
  ),
  prefixBlockIpv4: key(
    'prefix_block_ipv4',
    integer(8, 32, 'a prefix length'),
    '24',
    'Length of that network, IPv4.',
  ),
  prefixBlockIpv6: key(
    'prefix_block_ipv6',
    integer(16, 128, 'a prefix length'),
    '48',
    'Length of that network, IPv6.',
  ),
  prefixBlockWindowS: key(
    'prefix_block_window',
    duration(60, 30 * DAY_S),
    '1d',
    'Time within which those sources must have been blocked.',
  ),
  sipPorts: key(
    'sip_ports',
    listOf(sipPort, 1),
    'trap, 5060, 5061',
    'What scope sip means; trap is every port of the trap. Add those of a PBX beside it.',
  ),
  blocksMax: key(
    'max_blocks',
    integer(1, 10_000_000),
    '1000000',
    'Blocks in force at the same time.',
  ),
  newUnprovenPerMinuteMax: key(
    'max_new_unproven_per_minute',
    integer(1, 1_000_000),
    '600',
    'New blocks of unproven sources in a minute; above it only of those that go on (a spoofing storm).',
  ),
  stormRate: key(
    'storm_rate',
    integer(1, 1_000_000),
    '2000',
    'New UDP flows to the trap in a second that pass during a spoofing storm; a source gets a tenth.',
  ),
  protect: key(
    'protect',
    listOf(peer, 0),
    '',
    'Addresses, networks and host names that are never blocked: your trunks, offices and monitors.',
  ),
} as const;
