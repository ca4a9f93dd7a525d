import path from 'node:path';
import type { Container } from '../support/compose/container';
import type { Stack } from '../support/compose/stack';
import { until } from '../support/until';

/** Runs curl in a container; the status and what it prints. */
export function curl(container: Container, ...args: readonly string[]): string {
  const { status, stdout, stderr } = container.exec(['curl', '-sS', '-m', '10', ...args]);
  if (status !== 0) throw new Error(`curl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Checks nginx from a visitor's point of view. */
export async function checkFrontDoor(stack: Stack, secret: (name: string) => string): Promise<void> {
  const server = stack.container('nginx');
  const at = 'https://localhost:8443';
  const trust = ['--cacert', '/run/secrets/tls_certificate'];
  const get = (target: string, ...args: readonly string[]): string =>
    curl(server, ...trust, ...args, `${at}${target}`);
  const status = (target: string, ...args: readonly string[]): number =>
    Number(get(target, '-o', '/dev/null', '-w', '%{http_code}', ...args));

  const plain = curl(server, '-i', 'http://127.0.0.1:8080/some/where?x=1', '-H', 'Host: monitor.example.org');
  expect(plain).toMatch(/^HTTP\/1.1 308 .*\r\n/);
  expect(plain).toContain('Location: https://monitor.example.org/some/where?x=1\r\n');
  // A pipe can be opened by name; the socket that Node.js gives a child can't.
  const tested = server.exec(['sh', '-c', 'nginx -t -e stderr 2>&1 | cat']).stdout;
  expect(tested).toMatch(/test is successful\n$/);
  expect(tested).not.toMatch(/\[/);

  // Only modern TLS is accepted.
  const old = server.exec(['curl', '-sS', ...trust, '--tls-max', '1.1', `${at}/`]);
  expect(old.status).not.toBe(0);
  expect(get('/login', '-I', '--http2')).toMatch(/^HTTP\/2 /);

  // The page asks for its token, and has the security headers.
  const token = secret('page_token');
  const bearer = ['-H', `Authorization: Bearer ${token}`];
  expect(status('/api/info')).toBe(401);
  const info = get('/api/info', '-i', '--http1.1', ...bearer);
  expect(info).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(info).toContain('"node":"btcdmon"');
  for (const header of [
    'Strict-Transport-Security: max-age=31536000',
    'X-Content-Type-Options: nosniff',
    'X-Frame-Options: DENY',
    'Referrer-Policy: same-origin',
  ])
    expect(info.split(`${header}\r\n`)).toHaveLength(2);
  expect(info.match(/content-security-policy: /gi)).toHaveLength(1);
  expect(info).not.toMatch(/nginx\/|x-powered-by/i);
  const body = path.join('/tmp', 'body');
  server.exec(['sh', '-c', `head -c 100000 /dev/zero > ${body}`]);
  expect(status('/api/query', ...bearer, '--data-binary', `@${body}`)).toBe(413);
  const login = get('/login', '-i', '-d', JSON.stringify({ token }), '-H', 'Content-Type: application/json');
  expect(login).toMatch(/set-cookie: btcdmon_[^\r]*; secure/i);

  // Events are not buffered: the first one comes while the stream is still open.
  const stream = server.spawn(['curl', '-sSN', ...trust, ...bearer, `${at}/api/live`]);
  let events = '';
  stream.stdout?.setEncoding('utf8').on('data', (text: string) => (events += text));
  await until('two events', () => events.split('event: status').length > 2);
  expect(stream.exitCode).toBeNull();
  stream.kill();

  // Grafana is served under its path, with a WebSocket; its own header about frames is replaced.
  const echoed = get('/grafana/d/x?y=1', '-i', '--http1.1', '-H', 'X-Forwarded-For: 192.0.2.1');
  expect(echoed).toContain('"url":"/grafana/d/x?y=1"');
  expect(echoed).toMatch(/"x-forwarded-for":"127.0.0.1".*"x-forwarded-proto":"https"/);
  expect(echoed).toContain('"host":"localhost:8443"');
  expect(echoed).toMatch(/Set-Cookie: session=1;[^\r]*secure/i);
  expect(echoed).not.toContain('ALLOWALL');
  expect(get('/grafana', '-I')).toMatch(/location: \/grafana\/\r/i);
  const upgrade = ['--http1.1', '-N', '-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'];
  expect(get('/grafana/api/live/ws', '-i', ...upgrade)).toMatch(/101 Switching Protocols[^]*hello$/);

  // Prometheus has no login of its own, so it is not reachable.
  const admin = ['-u', `admin:${secret('web_password')}`];
  expect(status('/prometheus/-/ready')).toBe(401);
  expect(status('/prometheus/-/ready', '-u', 'admin:wrong')).toBe(401);
  expect(status('/prometheus/-/ready', ...admin)).toBe(200);

  // Chronograf is not started yet, and comes later. Docker then knows no such name; here it has an address
  // where nobody is.
  expect(status('/chronograf/')).toBe(401);
  expect([502, 504]).toContain(status('/chronograf/', ...admin));
  await stack.up('chronograf');
  await until('Chronograf', () => status('/chronograf/', ...admin) === 200);
  expect(get('/chronograf/a', ...admin)).toMatch(/"url":"\/chronograf\/a".*"authorization":"Basic /);

  // Guesses are slowed down.
  const guesses = get('/grafana/login?[1-60]', '-X', 'POST', '-o', '/dev/null', '-w', '%{http_code} ').split(
    ' ',
  );
  expect(guesses.slice(0, 5)).toEqual(['200', '200', '200', '200', '200']);
  expect(guesses).toContain('429');
}
