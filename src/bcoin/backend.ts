// bcoin's tree looks for compiled add-ons unless told otherwise, and they are not compiled here (.npmrc).
// This module must be loaded before any part of bcoin or bcrypto; hashing then goes through Node's own
// OpenSSL.
process.env['NODE_BACKEND'] = 'js';
