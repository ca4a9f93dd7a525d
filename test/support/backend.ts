// Tests import bcoin directly; like src/p2p/backend.ts this must come before it.
process.env['NODE_BACKEND'] = 'js';
