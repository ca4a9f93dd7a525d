import { fixedLogin } from '../../src/watch/login';
import type { NodePlace } from '../../src/watch/node-place';

/** A place of this machine, with plain HTTP and a login that nobody checks, unless told otherwise. */
export function placeAt(parts: Partial<NodePlace> & Pick<NodePlace, 'port'>): NodePlace {
  return {
    name: 'btcd',
    host: '127.0.0.1',
    isSecure: false,
    login: fixedLogin({ user: 'u', password: 'secret' }, 'the test'),
    certificateFile: undefined,
    ...parts,
  };
}
