/**
 * A failure that waiting does not cure: a refused password, a certificate, a stream that can't take points.
 */
export class NatsRefused extends Error {
  override readonly name = 'NatsRefused';
}
