import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'From', 'To', 'Date', 'Call-ID', 'Server', 'CSeq'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * A Cisco IOS voice gateway. Captures that are public: OPTIONS of `Cisco-SIPGateway/IOS-12.x` of
 * 7 July 2017 (the raw_sip_image_ok of a public SIP library's tests) with tag `FE9F9AD4-15E6`, an
 * untouched `;rport`, Server before CSeq and an SDP body with a `c=` behind each `m=`; 183 and 200 to
 * INVITE and the answers to REGISTER in Cisco's own guides (Date, Call-ID, Server, CSeq, Allow,
 * Allow-Events, Contact). Newer ones have CSeq, Allow-Events, Server in that order (100 Trying of
 * IOS-15.3.3.M4, 15.2.4.M2 and 17.12 in public logs): so this claims to be no newer than 12.x. The
 * SDP origin `CiscoSystemsSIP-GW-UserAgent` and `s=SIP Call` are those of Cisco's guide to MWI
 * (cisco.com, SIP Configuration Guide 15M&T, voi-sip-mwi).
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
  contactCapitals: false,
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
