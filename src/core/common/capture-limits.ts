/** The bounds of reading captures, a part of LIMITS. */
export const CAPTURE_LIMITS = {
  /** Bytes of one captured frame (libpcap's own bound), and of one block of a pcapng. */
  captureFrameBytesMax: 262_144,
  captureBlockBytesMax: 16_777_216,
  /** Interfaces of one section of a pcapng. */
  captureInterfacesMax: 10_000,
  /** TCP connections of a capture that are put together at once; what waits of one behind a gap. */
  captureStreamsMax: 10_000,
  captureStreamPendingSegmentsMax: 1_000,
  captureStreamPendingBytesMax: 262_144,
  /** What all connections of a capture hold, in bytes; the least recently used is given up first. */
  captureStreamsBytesMax: 134_217_728,
  /** How often a packet of a capture may be in another, VLAN tags with it; labels of MPLS. */
  captureLayersMax: 8,
  captureLabelsMax: 16,
  /** Names of what a capture holds and a replay does not read, that are told apart. */
  captureNamesMax: 64,
  /** Requests of the host itself in a capture that are remembered for their answers. */
  captureOwnRequestsMax: 200_000,
  /** Fragmented datagrams put together at once, pieces of one, seconds until one is given up. */
  captureDatagramsMax: 1_000,
  captureFragmentsMax: 256,
  captureFragmentSMax: 30,
  /** Challenges and tags of a capture, and pairs of endpoints, that are remembered. */
  captureChallengesMax: 200_000,
  capturePairsMax: 200_000,
  /** Milliseconds until a program that does not capture is started again, at most. */
  captureRestMsMax: 60_000,
} as const;
