/** Which methods a persona treats how, and what its answers look like. */
export interface Persona {
  readonly server: string;
  readonly allow: string;
  readonly supported: string;
  readonly accept: string;
  /** Methods of which a plausible extension is asked for a password. */
  readonly challenged: ReadonlySet<string>;
  /** Methods that make sense inside a dialog or transaction only. */
  readonly inDialog: ReadonlySet<string>;
  readonly unknownMethodStatus: 405 | 501;
  readonly reasons: Readonly<Record<number, string>>;
  /** Header names in the order in which this PBX sends them. */
  readonly order: readonly AnswerHeader[];
  /** What a source gets whose request is too small for the whole answer. */
  readonly shortOrder: readonly AnswerHeader[];
}

export type AnswerHeader =
  | 'Via'
  | 'From'
  | 'To'
  | 'Call-ID'
  | 'CSeq'
  | 'Server'
  | 'Allow'
  | 'Supported'
  | 'WWW-Authenticate'
  | 'Contact'
  | 'Accept'
  | 'Content-Length';

/**
 * Asterisk with chan_sip, as its sources write an answer: channels/chan_sip.c, respprep() for the
 * order up to Supported, then add_header of WWW-Authenticate, Contact and Accept, then
 * Content-Length; ALLOWED_METHODS and SUPPORTED_EXTENSIONS of the same file; 501 for methods that
 * it does not know (handle_incoming); no qop in the challenge.
 */
export const ASTERISK: Persona = {
  server: 'Asterisk PBX 20.5.0',
  allow: 'INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, MESSAGE',
  supported: 'replaces, timer',
  accept: 'application/sdp',
  challenged: new Set(['REGISTER', 'INVITE', 'SUBSCRIBE', 'MESSAGE', 'PUBLISH', 'REFER', 'NOTIFY']),
  inDialog: new Set(['CANCEL', 'BYE', 'INFO', 'UPDATE', 'PRACK']),
  unknownMethodStatus: 501,
  reasons: {
    200: 'OK',
    401: 'Unauthorized',
    404: 'Not Found',
    481: 'Call/Transaction Does Not Exist',
    501: 'Method Not Implemented',
  },
  order: [
    'Via',
    'From',
    'To',
    'Call-ID',
    'CSeq',
    'Server',
    'Allow',
    'Supported',
    'WWW-Authenticate',
    'Contact',
    'Accept',
    'Content-Length',
  ],
  shortOrder: ['Via', 'From', 'To', 'Call-ID', 'CSeq', 'WWW-Authenticate', 'Content-Length'],
};

/** Names that an operator gives to extensions beside numbers, and that word lists try. */
export const USUAL_NAMES: ReadonlySet<string> = new Set([
  'admin',
  'fax',
  'guest',
  'info',
  'office',
  'operator',
  'phone',
  'reception',
  'sales',
  'sip',
  'support',
  'test',
  'user',
]);
