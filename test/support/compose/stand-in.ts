import { createServer } from 'node:http';

// A web server in the place of one that this machine lacks, on the port of its argument: it tells what it was
// asked, greets who wants a WebSocket, and sets headers that a proxy should know better.
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
