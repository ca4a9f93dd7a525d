// Tests import bcoin directly. Like src/bcoin/backend.ts, this must be loaded before it.
process.env['NODE_BACKEND'] = 'js';
