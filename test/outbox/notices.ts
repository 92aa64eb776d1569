import { IMPORTANCE_OF, type Notice, type NoticeKind } from '../../src/core/model/notice.js';

/** A notice as the agent makes it. */
export function makeNotice(given: Partial<Notice> = {}): Notice {
  const kind: NoticeKind = given.kind ?? 'block';
  return {
    id: '01a230f4-af01-704c-8e9f-6ade00000008',
    kind,
    atUs: 1_796_117_420_000_000,
    importance: IMPORTANCE_OF[kind],
    title: 'A source was blocked',
    lines: ['blocked 203.0.113.7/32 wholly for 4h: scanner: SIPVicious'],
    count: 1,
    ...given,
  };
}
