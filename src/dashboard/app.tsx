import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { createClient } from './data/client.js';
import { keep } from './data/kept.js';
import { placeOf, readPlace, VIEWS, type PagePlace } from './data/place.js';
import { OpenDialog } from './parts/dialogs.js';
import {
  SessionContext,
  useAnswer,
  useMedia,
  useNow,
  useSession,
  type Dialog,
  type Session,
} from './session.js';
import { useStream } from './use-stream.js';
import { Blocks } from './views/blocks.js';
import { Events } from './views/events.js';
import { Overview } from './views/overview.js';
import { Rules } from './views/rules.js';
import { Sources } from './views/sources.js';
import { Story } from './views/story.js';
import { System } from './views/system.js';
import { Tried } from './views/tried.js';

/** A token lives as long as the tab; how the page looks is remembered. */
const TOKEN = keep(() => sessionStorage, 'sentrypeer-token');
const THEME = keep(() => localStorage, 'sentrypeer-theme');
const THEMES = [
  ['auto', 'Auto'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;
const TOLD_MS = 8_000;

export function App() {
  const [hasToken, setHasToken] = useState(TOKEN.read() !== null);
  const [version, setVersion] = useState(0);
  const [told, tell] = useTold();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const { theme, look, setTheme } = useTheme();
  const client = useMemo(() => createClient((path, init) => fetch(path, init), TOKEN.read), []);
  const { link, listen } = useStream(client, version);
  const place = usePlace();
  const session: Session = {
    client,
    hasToken,
    keepToken: (token) => {
      TOKEN.write(token);
      setHasToken(token !== null);
    },
    version,
    renew: () => {
      setVersion((before) => before + 1);
    },
    tell,
    open: setDialog,
    link,
    listen,
    look,
  };
  return (
    <SessionContext.Provider value={session}>
      <a class="skip" href="#content">
        Skip to the content
      </a>
      <Head place={place} theme={theme} onTheme={setTheme} />
      <Content place={place} />
      <div class="told" role="status">
        {told === '' ? null : <p>{told}</p>}
      </div>
      {dialog === null ? null : (
        <OpenDialog
          key={JSON.stringify(dialog)}
          dialog={dialog}
          onClose={() => {
            setDialog((now) => (now === dialog ? null : now));
          }}
        />
      )}
    </SessionContext.Provider>
  );
}

/** What was done is said for a while. */
function useTold() {
  const [told, setTold] = useState('');
  useEffect(() => {
    if (told === '') return undefined;
    const timer = setTimeout(() => {
      setTold('');
    }, TOLD_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [told]);
  return [told, setTold] as const;
}

function useTheme() {
  const [theme, setTheme] = useState(THEME.read() ?? 'auto');
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const look = theme === 'auto' ? (systemIsDark ? 'dark' : 'light') : theme;
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = look;
  }, [look]);
  return {
    theme,
    look,
    setTheme: (next: string) => {
      setTheme(next);
      THEME.write(next);
    },
  };
}

function usePlace(): PagePlace {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  useEffect(() => {
    const onChange = (): void => {
      // The skip link leads into the page, and nowhere else.
      if (location.hash !== '#content') setPlace(readPlace(location.hash));
    };
    addEventListener('hashchange', onChange);
    return () => {
      removeEventListener('hashchange', onChange);
    };
  }, []);
  return place;
}

function Head(props: {
  readonly place: PagePlace;
  readonly theme: string;
  readonly onTheme: (theme: string) => void;
}) {
  const { place, theme, onTheme } = props;
  const { hasToken, open } = useSession();
  const next = THEMES[(THEMES.findIndex(([name]) => name === theme) + 1) % THEMES.length];
  const now = THEMES.find(([name]) => name === theme)?.[1] ?? '';
  return (
    <header>
      <div class="top">
        <p class="brand">
          <Shield /> sentrypeer-agent
        </p>
        <LinkState />
        <button
          type="button"
          class="small"
          onClick={() => {
            open({
              kind: 'token',
              scope: 'block',
              why: hasToken
                ? 'A token is kept in this tab.'
                : 'Reading needs none on the host itself. To block, unblock or protect takes one.',
            });
          }}
        >
          {hasToken ? 'Token kept' : 'Token…'}
        </button>
        <button
          type="button"
          class="small"
          aria-label={`${now} look; change to ${next?.[0] ?? ''}`}
          title="How the page looks: as the system, light or dark"
          onClick={() => {
            onTheme(next?.[0] ?? 'auto');
          }}
        >
          {now}
        </button>
      </div>
      <nav aria-label="Parts">
        <ul>
          {VIEWS.map(([name, title]) => (
            <li key={name}>
              <a href={placeOf(name)} aria-current={place.view === name ? 'page' : undefined}>
                {title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </header>
  );
}

const Shield = () => (
  <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
    <path
      class="shield"
      d="M16 2 4 6.500v9c0 7.200 5 12 12 14.500 7-2.500 12-7.300 12-14.500v-9z"
    />
    <path class="tick" d="m10.500 16 4 4 7.500-8" />
  </svg>
);

/** Whether what is seen is of now. Said aloud when it changes, not while it counts down. */
function LinkState() {
  const { link, open } = useSession();
  const now = useNow(1_000);
  const refused = link.kind === 'refused';
  useEffect(() => {
    if (refused) open({ kind: 'token', why: 'Reading takes a token here.', scope: 'read' });
  }, [refused]);
  const seconds = link.kind === 'lost' ? Math.max(0, Math.ceil((link.retryAtMs - now) / 1_000)) : 0;
  return (
    <p class={`link link-${link.kind}`}>
      <span role="status">
        {link.kind === 'live' ? 'Live' : null}
        {link.kind === 'connecting' ? 'Connecting…' : null}
        {link.kind === 'lost' ? `Not live: ${link.why}` : null}
        {refused ? 'Not live: a token is needed' : null}
      </span>
      {link.kind === 'lost' ? <span aria-hidden="true">; again in {seconds}s</span> : null}
    </p>
  );
}

const titleOf = ({ view, address }: PagePlace): string =>
  address ?? VIEWS.find(([name]) => name === view)?.[1] ?? '';

function Content({ place }: { readonly place: PagePlace }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const title = titleOf(place);
  const first = useRef(true);
  const blocks = useAnswer('blocks', 'blocks?limit=1', 30_000);
  const blocked = blocks.data === null ? '' : ` (${blocks.data.total} blocked)`;
  useEffect(() => {
    // Not when the page has just been opened: then a reader begins at its top.
    if (!first.current) heading.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [place.view, place.address]);
  useEffect(() => {
    document.title = `${title}${blocked}: sentrypeer-agent`;
  }, [title, blocked]);
  return (
    <main id="content" class={`view-${place.view}`} tabIndex={-1}>
      <h1 ref={heading} tabIndex={-1} class={place.view === 'overview' ? 'hidden' : ''}>
        {title}
      </h1>
      <Shown place={place} />
    </main>
  );
}

function Shown({ place }: { readonly place: PagePlace }) {
  switch (place.view) {
    case 'overview':
      return <Overview />;
    case 'events':
      return <Events key={place.words.toString()} words={place.words} />;
    case 'sources':
      return place.address === null ? <Sources /> : <Story address={place.address} />;
    case 'blocks':
      return <Blocks />;
    case 'tried':
      return <Tried />;
    case 'rules':
      return <Rules />;
    case 'system':
      return <System />;
  }
}
