import { RFC_REASONS, type AnswerHeader, type Persona } from '../persona.js';

const HEAD = ['Via', 'Call-ID', 'From', 'To', 'CSeq'] as const;
const order = (...rest: readonly AnswerHeader[]): readonly AnswerHeader[] => [
  ...HEAD,
  ...rest,
  'Content-Length',
];

/**
 * FreePBX, that is Asterisk with chan_pjsip. Captures that are public: OPTIONS, 100, 180 and 200 of
 * `FPBX-15.0.16.20(16.4.1)` (sipsorcery's example of a call transfer); 401 of Asterisk 16 and 20,
 * `Digest realm="asterisk",nonce="1694335639/87ec…",opaque="456759f668e20830",algorithm=MD5`, with
 * the branch as To-tag and `Content-Length:  0`; REGISTER's 200 of `FPBX-14.0.13.23(13.29.2)` with
 * Date, Contact, Expires. Order of OPTIONS: res/res_pjsip/pjsip_options.c send_options_response().
 * res/res_pjsip/pjsip_distributor.c: BYE and CANCEL without a call are 481, whoever is not known
 * is challenged whatever the method. SentryPeer itself, a known honeypot, answers as
 * `FPBX-14.0.16.11(14.7.8)` and `FPBX-17.0.32(22.6.0)`, so this is another version.
 * Differs on purpose: no `qop="auth"` in the challenge, so that one wrong stored password can be
 * told from guessing; and the tag of an answer to INVITE is ours, so that the ACK proves an address.
 */
export const FREEPBX: Persona = {
  name: 'freepbx',
  product: ['Server', 'FPBX-15.0.16.81(16.13.0)'],
  fixed: {
    Accept:
      'application/xpidf+xml, application/cpim-pidf+xml, application/simple-message-summary, ' +
      'application/pidf+xml, application/dialog-info+xml, application/sdp, ' +
      'message/sipfrag;version=2.0',
    Allow:
      'OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, ' +
      'MESSAGE, REFER',
    Supported: '100rel, timer, replaces, norefersub',
    'Accept-Encoding': 'text/plain',
    'Accept-Language': 'en',
  },
  tag: 'uuid',
  tagIsBranch: true,
  nonce: 'pjsip',
  via: 'before-branch',
  contactCapitals: true,
  challengeStatus: 401,
  challenge: { separator: ',', order: ['realm', 'nonce', 'opaque', 'algorithm'] },
  methods: { OPTIONS: 'options', BYE: 481, CANCEL: 481, other: 'challenge' },
  reasons: RFC_REASONS,
  orders: {
    options: order('Accept', 'Allow', 'Supported', 'Accept-Encoding', 'Accept-Language', 'Server'),
    challenge: order('Challenge', 'Server'),
    'call-challenge': order('Challenge', 'Server'),
    registered: order('Date', 'Contact', 'Expires', 'Server'),
    trying: order('Server'),
    ringing: order('Server', 'Contact', 'Allow'),
    accepted: order('Server', 'Contact', 'Allow', 'Supported', 'Content-Type'),
    done: order('Server'),
    method: order('Allow', 'Server'),
    media: order('Accept', 'Server'),
    extension: order('Unsupported', 'Server'),
    refused: order('Server'),
  },
  lengthWidth: { empty: 2, body: 5 },
  sdp: {
    originUser: '-',
    session: 'Asterisk',
    payloads: '0 8 101',
    attributes: [
      'rtpmap:0 PCMU/8000',
      'rtpmap:8 PCMA/8000',
      'rtpmap:101 telephone-event/8000',
      'fmtp:101 0-16',
      'ptime:20',
      'maxptime:150',
      'sendrecv',
    ],
  },
  sdpInOptions: false,
};
