/** What a trap can claim to be; the values of the configuration key `persona`. */
export const PERSONA_NAMES = ['asterisk', 'freepbx', 'freeswitch', 'cisco', 'phone'] as const;
export type PersonaName = (typeof PERSONA_NAMES)[number];

/** Header names as they are written, in an answer. `Challenge` stands for the digest challenges. */
export type AnswerHeader =
  | 'Via'
  | 'From'
  | 'To'
  | 'Call-ID'
  | 'CSeq'
  | 'Server'
  | 'User-Agent'
  | 'Date'
  | 'Allow'
  | 'Allow-Events'
  | 'Supported'
  | 'Unsupported'
  | 'Challenge'
  | 'Contact'
  | 'Expires'
  | 'Accept'
  | 'Accept-Encoding'
  | 'Accept-Language'
  | 'MIME-Version'
  | 'Content-Type'
  | 'Content-Disposition'
  | 'Content-Length';

/**
 * What an answer is for; each has its own headers and their order. `call-challenge` is the challenge
 * of an INVITE, `method` refuses a method (405, 501), `media` a body (415), `extension` what Require
 * asks for (420), `refused` anything else; `done` is a 2xx that brings nothing.
 */
export type AnswerKind =
  | 'options'
  | 'challenge'
  | 'call-challenge'
  | 'registered'
  | 'trying'
  | 'ringing'
  | 'accepted'
  | 'done'
  | 'method'
  | 'media'
  | 'extension'
  | 'refused';

/**
 * How a To-tag looks: `as` and 8 hexadecimal digits (chan_sip), a UUID (PJSIP), 13 characters of
 * sofia-sip's alphabet, 8 and 4 hexadecimal digits (Cisco IOS), a decimal number (osip, Yealink).
 */
export type TagForm = 'as-hex' | 'uuid' | 'sofia' | 'cisco' | 'decimal';

/** How a digest nonce looks: 32 hexadecimal digits, PJSIP's `time/32 digits`, or a UUID. */
export type NonceForm = 'hex' | 'pjsip' | 'uuid';

/**
 * Where `received` and `rport` go in the topmost Via: both at its end; `rport` and `received`
 * before the branch; `rport` where it was asked for and `received` at the end, where the source is
 * another than the Via says; the same with `rport` left as it came.
 */
export type ViaStyle = 'append' | 'before-branch' | 'in-place' | 'plain';

/** What becomes of a request of one method that belongs to no call; a number is a status code. */
export type MethodPolicy = 'options' | 'challenge' | number;

export interface Persona {
  readonly name: PersonaName;
  /** Its product header, in the header that this PBX uses. */
  readonly product: readonly ['Server' | 'User-Agent', string];
  readonly fixed: Readonly<Partial<Record<AnswerHeader, string>>>;
  readonly tag: TagForm;
  /** True: an answer outside a call takes the branch of the request for its tag, as PJSIP does. */
  readonly tagIsBranch: boolean;
  readonly nonce: NonceForm;
  readonly via: ViaStyle;
  /** True: the transport in its Contact is written in capitals. */
  readonly contactCapitals: boolean;
  /** Status of the challenge of a request other than REGISTER. */
  readonly challengeStatus: 401 | 407;
  /** Text between the parameters of a challenge, and their order. */
  readonly challenge: {
    readonly separator: ', ' | ',';
    readonly order: readonly ('algorithm' | 'realm' | 'nonce' | 'opaque')[];
  };
  /** By method, in upper case; `other` is for the methods that are not listed. */
  readonly methods: Readonly<Record<string, MethodPolicy>> & { readonly other: MethodPolicy };
  readonly reasons: Readonly<Record<number, string>>;
  readonly orders: Readonly<Record<AnswerKind, readonly AnswerHeader[]>>;
  /** Characters to which the number in Content-Length is padded: PJSIP does so. */
  readonly lengthWidth: { readonly empty: number; readonly body: number };
  readonly sdp: SdpStyle;
  /** True: the answer to OPTIONS has an SDP body that tells the codecs. */
  readonly sdpInOptions: boolean;
}

/** The lines of an SDP body that differ from product to product (RFC 8866). */
export interface SdpStyle {
  readonly originUser: string;
  readonly session: string;
  /** Lines after `t=0 0`, without the media port. */
  readonly payloads: string;
  readonly attributes: readonly string[];
}

/** The reason phrases of RFC 3261 section 21 and RFC 6665, for personas that keep to them. */
export const RFC_REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  407: 'Proxy Authentication Required',
  415: 'Unsupported Media Type',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  481: 'Call/Transaction Does Not Exist',
  483: 'Too Many Hops',
  486: 'Busy Here',
  489: 'Bad Event',
  501: 'Not Implemented',
  503: 'Service Unavailable',
  505: 'Version Not Supported',
  603: 'Decline',
};
