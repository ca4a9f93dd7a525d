import { createServer } from 'node:http';

// A web server that stands in for one that this machine lacks. Its argument is its port. It reports each
// request that it gets, accepts WebSockets, and sets headers that a proxy should replace.
const server = createServer((request, response) => {
  response.setHeader('x-frame-options', 'ALLOWALL');
  response.setHeader('set-cookie', 'session=1; Path=/; HttpOnly');
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ url: request.url, headers: request.headers }));
});
server.on('upgrade', (request, socket) => {
  socket.end(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${String(request.headers.upgrade)}\r\n\r\nhello`,
  );
});
server.listen(Number(process.argv[2]), '0.0.0.0');
process.on('SIGTERM', () => process.exit(0));
