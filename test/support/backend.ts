// Tests import bcoin directly; like src/bcoin/backend.ts this must come before it.
process.env['NODE_BACKEND'] = 'js';
