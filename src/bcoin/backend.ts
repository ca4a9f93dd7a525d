// By default bcoin loads compiled add-ons, which are not built here (.npmrc). This module must be loaded
// before any part of bcoin or bcrypto. Hashing then uses Node's own OpenSSL.
process.env['NODE_BACKEND'] = 'js';
