/** What waiting does not cure: a password that is refused, a certificate, a stream that can't take points. */
export class NatsRefused extends Error {
  override readonly name = 'NatsRefused';
}
