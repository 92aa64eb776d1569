import type { Answers } from '../../api/answers.js';
import { placeOf } from '../data/place.js';
import { useAnswer } from '../session.js';
import { count, countryName, figure } from '../words.js';
import { Empty, Failed, Section } from './common.js';
import { Ranked, type RankedRow } from './ranked.js';

const MINUTE_MS = 60_000;

type Stats = Answers['stats'];
type Period = keyof Stats['periods'];
type Name = 'user_names' | 'numbers' | 'user_agents' | 'countries' | 'called_countries';

interface OfStats {
  readonly stats: Stats | null;
  readonly period: Period;
}

const NAMES =
  'DisplayNames' in Intl
    ? new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' })
    : null;

function Counted(
  props: OfStats & {
    readonly title: string;
    readonly name: Name;
    readonly empty: string;
    readonly show?: (value: string) => string;
  },
) {
  const { stats, period, title, name, empty, show = (value: string) => value } = props;
  const ranking = stats?.periods[period][name] ?? null;
  const rows =
    ranking?.top.map(({ value, count: times }) => ({
      key: value,
      name: <bdi>{show(value)}</bdi>,
      count: times,
    })) ?? null;
  const listed = rows?.reduce((all, { count: times }) => all + times, 0) ?? 0;
  return (
    <Section title={title}>
      <Ranked rows={rows} others={(ranking?.total ?? 0) - listed} empty={empty} />
    </Section>
  );
}

export const UserNames = (props: OfStats) => (
  <Counted {...props} title="User names tried" name="user_names" empty="No user name was tried." />
);

export const UserAgents = (props: OfStats) => (
  <Counted {...props} title="User agents" name="user_agents" empty="None named itself." />
);

export const Numbers = (props: OfStats) => (
  <Counted {...props} title="Numbers dialled" name="numbers" empty="No number was dialled." />
);

export const CalledCountries = (props: OfStats) => (
  <Counted
    {...props}
    title="Countries dialled"
    name="called_countries"
    empty="No number of a known country was dialled."
    show={(code) => countryName(code, NAMES)}
  />
);

export const Countries = (props: OfStats) => (
  <Counted
    {...props}
    title="Countries of sources"
    name="countries"
    empty="None is known: name a database of countries with geoip_country_file."
    show={(code) => countryName(code, NAMES)}
  />
);

export function Networks({ limit }: { readonly limit: number }) {
  const { data, failure } = useAnswer('networks', `networks?limit=${limit}`, MINUTE_MS);
  const rows: RankedRow[] | null =
    data?.networks.map(({ network, messages, sources, asn, organisation, country }) => ({
      key: network,
      name: <span class="address">{network}</span>,
      count: messages,
      note: [
        count(sources, 'source'),
        [asn === null ? '' : `AS${asn}`, organisation ?? ''].filter(Boolean).join(' '),
        country === null ? '' : countryName(country, NAMES),
      ]
        .filter(Boolean)
        .join(', '),
    })) ?? null;
  return (
    <Section title="Networks">
      <Failed failure={failure} />
      <Ranked rows={rows} empty="Nobody was heard in seven days." />
    </Section>
  );
}

export function Passwords(props: { readonly limit: number; readonly more: boolean }) {
  const { limit, more } = props;
  const { data, failure } = useAnswer('passwords', `passwords?limit=${limit}`, MINUTE_MS);
  const rows: RankedRow[] | null =
    data?.passwords.map(({ password, tries, users, sources }) => ({
      key: password,
      name: password === '' ? <em>empty</em> : <bdi>{password}</bdi>,
      count: tries,
      note: `${count(users, 'user')}, ${count(sources, 'source')}`,
    })) ?? null;
  return (
    <Section title="Passwords tried" aside={!more ? null : <a href={placeOf('tried')}>More</a>}>
      <Failed failure={failure} />
      <Ranked rows={rows} empty="No password is known by name." />
      {data === null || data.tried === 0 ? null : (
        <p class="quiet">
          {figure(data.known)} of {figure(data.tried)} are known by name: a digest hides the rest.
        </p>
      )}
      {data === null ? <Empty>…</Empty> : null}
    </Section>
  );
}
