import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'From', 'To', 'Date', 'Call-ID', 'Server', 'CSeq'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * A Cisco IOS voice gateway. Captures that are public: OPTIONS of `Cisco-SIPGateway/IOS-12.x` with
 * tag `FE9F9AD4-15E6`, an untouched `;rport` and an SDP body; 183 and 200 to INVITE and the answers
 * to REGISTER in Cisco's own guides (Date, Call-ID, Server, CSeq, Allow, Allow-Events, Contact).
 * No capture of its digest challenge was at hand: where it stands in the order, and the form of its
 * nonce, are guesses.
 */
export const CISCO: Persona = {
  name: 'cisco',
  product: ['Server', 'Cisco-SIPGateway/IOS-12.x'],
  fixed: {
    Supported: '100rel,replaces',
    Allow:
      'INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, COMET, REFER, SUBSCRIBE, NOTIFY, INFO, UPDATE, ' +
      'REGISTER',
    Accept: 'application/sdp',
    'Allow-Events': 'telephone-event',
    'Content-Disposition': 'session;handling=required',
  },
  tag: 'cisco',
  tagIsBranch: false,
  nonce: 'hex',
  via: 'plain',
  challengeStatus: 401,
  challenge: { separator: ', ', order: ['realm', 'nonce', 'algorithm'] },
  methods: {
    OPTIONS: 'options',
    REGISTER: 'challenge',
    INVITE: 'challenge',
    SUBSCRIBE: 489,
    NOTIFY: 481,
    REFER: 481,
    BYE: 481,
    CANCEL: 481,
    INFO: 481,
    UPDATE: 481,
    PRACK: 481,
    PUBLISH: 501,
    MESSAGE: 501,
    other: 501,
  },
  reasons: { ...RFC_REASONS, 481: 'Call Leg/Transaction Does Not Exist' },
  orders: {
    options: [
      ...HEAD,
      'Supported',
      'Allow',
      'Accept',
      'Allow-Events',
      'Content-Length',
      'Content-Type',
    ],
    challenge: order('Challenge'),
    'call-challenge': order('Challenge', 'Allow-Events'),
    registered: order('Contact', 'Expires'),
    trying: order('Allow-Events'),
    ringing: order('Allow', 'Allow-Events', 'Contact'),
    accepted: order('Allow', 'Allow-Events', 'Contact', 'Content-Type', 'Content-Disposition'),
    done: order(),
    method: order('Allow'),
    media: order('Accept'),
    extension: order('Unsupported'),
    refused: order('Allow-Events'),
  },
  lengthWidth: { empty: 0, body: 0 },
  sdp: {
    originUser: 'CiscoSystemsSIP-GW-UserAgent',
    session: 'SIP Call',
    payloads: '18 0 8 4 2 15 3',
    attributes: [],
  },
  sdpInOptions: true,
};
