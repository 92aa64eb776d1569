import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'From', 'To', 'Call-ID', 'CSeq'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * A desk phone, a Yealink. Captures that are public show its requests: Allow, `User-Agent: Yealink
 * SIP-T46S 66.85.0.5`, Supported, Allow-Events and decimal tags; nmap's probe list has its answers
 * by that User-Agent. A phone has no registrar: 405 with Allow (RFC 3261 section 8.2.1). It is busy
 * for its own extensions and knows no others, which is how scanners find a phone.
 */
export const PHONE: Persona = {
  name: 'phone',
  product: ['User-Agent', 'Yealink SIP-T46S 66.85.0.5'],
  fixed: {
    Allow:
      'INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, REFER, ' +
      'PUBLISH, UPDATE, MESSAGE',
    Supported: 'replaces',
    Accept: 'application/sdp',
    'Allow-Events': 'talk,hold,conference,refer,check-sync',
  },
  tag: 'decimal',
  tagIsBranch: false,
  nonce: 'hex',
  via: 'in-place',
  contactCapitals: false,
  challengeStatus: 401,
  challenge: { separator: ', ', order: ['realm', 'nonce', 'algorithm'] },
  methods: {
    OPTIONS: 'options',
    INVITE: 486,
    REGISTER: 405,
    SUBSCRIBE: 489,
    NOTIFY: 489,
    PUBLISH: 405,
    MESSAGE: 405,
    REFER: 481,
    BYE: 481,
    CANCEL: 481,
    INFO: 481,
    UPDATE: 481,
    PRACK: 481,
    other: 501,
  },
  reasons: RFC_REASONS,
  orders: {
    options: order('Contact', 'Accept', 'Allow', 'User-Agent', 'Allow-Events', 'Supported'),
    challenge: order('Challenge', 'User-Agent'),
    'call-challenge': order('Challenge', 'User-Agent'),
    registered: order('Contact', 'Expires', 'User-Agent'),
    trying: order('User-Agent'),
    ringing: order('Contact', 'Allow', 'User-Agent'),
    accepted: order('Contact', 'Content-Type', 'Allow', 'User-Agent', 'Supported'),
    done: order('User-Agent'),
    method: order('Allow', 'User-Agent'),
    media: order('Accept', 'User-Agent'),
    extension: order('User-Agent', 'Unsupported'),
    refused: order('User-Agent'),
  },
  lengthWidth: { empty: 0, body: 0 },
  sdp: {
    originUser: '-',
    session: 'SDP data',
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
