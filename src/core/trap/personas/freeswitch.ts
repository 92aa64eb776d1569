import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * FreeSWITCH with mod_sofia. Captures that are public: 401 to REGISTER and 407 to INVITE of
 * `FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit` and `1.10.3-release.5~64bit`, with a UUID
 * for a nonce, `Via: …;branch=…;rport=58888;received=…` and Accept and Allow-Events in the 407; 100
 * and 200 to INVITE, 200 to REGISTER with Date. sofia-sip: msg_random_token() for the alphabet of
 * tags, sip_status.c for reason phrases, nta.c for 501 to methods unknown and 505 to versions.
 * Differs on purpose: no `qop="auth"` in the challenge (see freepbx.ts), and users that are
 * implausible are told from others, which FreeSWITCH does after the password alone.
 */
export const FREESWITCH: Persona = {
  name: 'freeswitch',
  product: ['User-Agent', 'FreeSWITCH-mod_sofia/1.10.12-release~a88d069d6f~64bit'],
  fixed: {
    Accept: 'application/sdp',
    Allow:
      'INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, INFO, UPDATE, REGISTER, REFER, NOTIFY, ' +
      'PUBLISH, SUBSCRIBE',
    Supported: 'timer, path, replaces',
    'Allow-Events':
      'talk, hold, conference, presence, as-feature-event, dialog, line-seize, call-info, sla, ' +
      'include-session-description, presence.winfo, message-summary, refer',
    'Content-Disposition': 'session',
  },
  tag: 'sofia',
  tagIsBranch: false,
  nonce: 'uuid',
  via: 'in-place',
  contactCapitals: false,
  challengeStatus: 407,
  challenge: { separator: ', ', order: ['realm', 'nonce', 'algorithm'] },
  methods: {
    OPTIONS: 'options',
    REGISTER: 'challenge',
    INVITE: 'challenge',
    SUBSCRIBE: 'challenge',
    PUBLISH: 'challenge',
    MESSAGE: 'challenge',
    REFER: 'challenge',
    NOTIFY: 481,
    BYE: 481,
    CANCEL: 481,
    INFO: 481,
    UPDATE: 481,
    PRACK: 481,
    other: 501,
  },
  reasons: RFC_REASONS,
  orders: {
    options: order('Contact', 'User-Agent', 'Accept', 'Allow', 'Supported', 'Allow-Events'),
    challenge: order('User-Agent', 'Allow', 'Supported', 'Challenge'),
    'call-challenge': order(
      'User-Agent',
      'Accept',
      'Allow',
      'Supported',
      'Allow-Events',
      'Challenge',
    ),
    registered: order('Contact', 'Date', 'User-Agent', 'Allow', 'Supported'),
    trying: order('User-Agent'),
    ringing: order('Contact', 'User-Agent', 'Accept', 'Allow', 'Supported', 'Allow-Events'),
    accepted: [
      ...HEAD,
      'Contact',
      'User-Agent',
      'Accept',
      'Allow',
      'Supported',
      'Allow-Events',
      'Content-Type',
      'Content-Disposition',
      'Content-Length',
    ],
    done: order('User-Agent', 'Allow', 'Supported'),
    method: order('User-Agent', 'Allow', 'Supported'),
    media: order('User-Agent', 'Accept', 'Allow', 'Supported'),
    extension: order('User-Agent', 'Allow', 'Supported', 'Unsupported'),
    refused: order('User-Agent', 'Allow', 'Supported'),
  },
  lengthWidth: { empty: 0, body: 0 },
  sdp: {
    originUser: 'FreeSWITCH',
    session: 'FreeSWITCH',
    payloads: '0 8 101',
    attributes: [
      'rtpmap:0 PCMU/8000',
      'rtpmap:8 PCMA/8000',
      'rtpmap:101 telephone-event/8000',
      'fmtp:101 0-15',
      'ptime:20',
      'sendrecv',
    ],
  },
  sdpInOptions: false,
};
