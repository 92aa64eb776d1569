import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'Server', 'Allow', 'Supported'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * Asterisk with chan_sip, as Debian 10 ships it. Read off the sources (InterLinked1/chan_sip,
 * channels/chan_sip.c): respprep() gives the order up to Supported and the Contact of OPTIONS and
 * INVITE, transmit_response_with_allow() the Accept of OPTIONS and 501, copy_via_headers() the Via,
 * make_our_tag() `as%08lx`, transmit_response_with_auth() the challenge, which has no qop, and
 * find_call() `481 Call leg/transaction does not exist` for methods that make no dialog;
 * sip.h ALLOWED_METHODS; handle_incoming() `501 Method Not Implemented` for methods unknown;
 * handle_request_refer() `603 Declined (No dialog)`, handle_request_notify() `489 Bad event`.
 * The product is that of captures of a Debian host: `Asterisk PBX 16.2.1~dfsg-1+deb10u1` with
 * `Digest algorithm=MD5, realm="asterisk", nonce="7140386d"` (a public SIP client's test data).
 * Differs on purpose: its nonce has 31 bits, ours 128, for it must prove an address.
 */
export const ASTERISK: Persona = {
  name: 'asterisk',
  product: ['Server', 'Asterisk PBX 16.2.1~dfsg-1+deb10u1'],
  fixed: {
    Allow: 'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
    Supported: 'replaces, timer',
    Accept: 'application/sdp',
  },
  tag: 'as-hex',
  tagIsBranch: false,
  nonce: 'hex',
  via: 'append',
  contactCapitals: false,
  challengeStatus: 401,
  challenge: { separator: ', ', order: ['algorithm', 'realm', 'nonce'] },
  methods: {
    OPTIONS: 'options',
    REGISTER: 'challenge',
    INVITE: 'challenge',
    SUBSCRIBE: 'challenge',
    PUBLISH: 'challenge',
    MESSAGE: 'challenge',
    REFER: 603,
    NOTIFY: 489,
    BYE: 481,
    CANCEL: 481,
    INFO: 481,
    UPDATE: 481,
    PRACK: 481,
    other: 501,
  },
  reasons: {
    ...RFC_REASONS,
    415: 'Unsupported Media type',
    416: 'Unsupported URI scheme',
    420: 'Bad extension (unsupported)',
    481: 'Call leg/transaction does not exist',
    489: 'Bad event',
    501: 'Method Not Implemented',
    603: 'Declined (No dialog)',
  },
  orders: {
    options: order('Contact', 'Accept'),
    challenge: order('Challenge'),
    'call-challenge': order('Challenge'),
    registered: order('Expires', 'Contact', 'Date'),
    trying: order('Contact'),
    ringing: order('Contact'),
    accepted: order('Contact', 'Content-Type'),
    done: order(),
    method: order('Accept'),
    media: order(),
    extension: order('Unsupported'),
    refused: order(),
  },
  lengthWidth: { empty: 0, body: 0 },
  // add_sdp() of the same file: `o=root`, the session name `Asterisk PBX` and the version.
  sdp: {
    originUser: 'root',
    session: 'Asterisk PBX 16.2.1~dfsg-1+deb10u1',
    payloads: '0 8 101',
    attributes: [
      'rtpmap:0 PCMU/8000',
      'rtpmap:8 PCMA/8000',
      'rtpmap:101 telephone-event/8000',
      'fmtp:101 0-16',
      'maxptime:150',
      'sendrecv',
    ],
  },
  sdpInOptions: false,
};
