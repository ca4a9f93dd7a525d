import { DnsServer } from '../dns-server';

// Stands in for Docker's name server in a container's network. Its argument is a JSON object of names and
// their addresses.
const names = JSON.parse(process.argv[2] ?? '{}') as Record<string, string>;
const all = Object.fromEntries(Object.entries(names).map(([name, address]) => [name, [address]]));
void DnsServer.start(all, { address: '127.0.0.11', port: 53 }).then(() => process.stdout.write('ready\n'));
