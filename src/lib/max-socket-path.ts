/**
 * Bytes of the longest path of a Unix socket that every system allows: 107 on Linux, 103 on macOS and
 * the BSDs.
 */
export const MAX_SOCKET_PATH = 103;
