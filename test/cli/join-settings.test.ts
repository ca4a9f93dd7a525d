import { joinSettings } from '../../src/cli/join-settings';
import { UsageError } from '../../src/lib/errors';

type Arguments = Parameters<typeof joinSettings>[0];

const DEFAULTS = { peers: '8', maxInbound: '64', feelers: '30' };

const settings = (more: Partial<Arguments>): ReturnType<typeof joinSettings> =>
  joinSettings({ network: 'simnet', join: false, ...DEFAULTS, ...more } as Arguments);

describe('joinSettings', () => {
  it('is undefined where neither option is given', () => expect(settings({})).toBeUndefined());

  it('has the defaults with --join', () =>
    expect(settings({ join: true })).toEqual({ peers: 8, maxInbound: 64, feelersAnHour: 30 }));

  it('looks for no peers with --listen alone', () =>
    expect(settings({ listen: '9000' })).toEqual({
      ...{ peers: 0, maxInbound: 64, listen: { host: '127.0.0.1', port: 9_000 } },
    }));

  it.each([
    ['0.0.0.0', { host: '0.0.0.0', port: 18_555 }],
    ['127.0.0.9:1', { host: '127.0.0.9', port: 1 }],
    ['[::1]:9', { host: '::1', port: 9 }],
    ['::', { host: '::', port: 18_555 }],
  ])('reads --listen %s', (listen, endpoint) => expect(settings({ listen })?.listen).toEqual(endpoint));

  it('reads seeds and a DNS server', () => {
    const { seeds, resolver } =
      settings({ join: true, seed: ['a.example', 'b.example:9'], dns: '::1' }) ?? {};
    expect(seeds).toEqual([
      { host: 'a.example', port: 18_555, filters: false },
      { host: 'b.example', port: 9, filters: false },
    ]);
    expect(resolver).toBe('[::1]:53');
  });

  it('reads how sessions rotate, and the part that is dialled', () =>
    expect(settings({ join: true, rotate: '6h', shard: '3/16' })).toEqual({
      ...{ peers: 8, maxInbound: 64, feelersAnHour: 30, rotateMs: 21_600_000 },
      shard: { number: 3, count: 16 },
    }));

  it.each([
    [{ join: true, peers: '20001' }, '--peers 20001: give a whole number from 1 to 20000'],
    [{ join: true, peers: '' }, '--peers : give a whole number from 1 to 20000'],
    [{ join: true, feelers: '3601' }, '--feelers 3601: give a whole number from 0 to 3600'],
    [{ rotate: '6h' }, '--rotate 6h: has a meaning only with --join'],
    [{ shard: '1/2', listen: '9000' }, '--shard 1/2: has a meaning only with --join'],
    [{ exclude: 'list' }, '--exclude list: has a meaning only with --join or --listen'],
    [{ join: true, shard: '3/2' }, '--shard 3/2: give a part and the number of parts'],
    [{ listen: '127.0.0.1:70000' }, '--listen 127.0.0.1:70000: give a port, IP[:port] or [IPv6]:port'],
    [{ listen: '0' }, '--listen 0: give a port'],
    [{ listen: 'localhost:9' }, '--listen localhost:9: give a port'],
    [
      { join: true, seed: ['127.0.0.1'] },
      '--seed 127.0.0.1: give a DNS name; an address goes with --connect',
    ],
    [{ join: true, seed: ['a b'] }, '--seed a b: not a host'],
    [{ join: true, dns: 'name' }, '--dns name: give IP[:port] of a DNS server'],
    [{ seed: ['b'] }, '--seed b: has a meaning only with --join'],
    [{ dns: '127.0.0.1' }, '--dns 127.0.0.1: has a meaning only with --join'],
  ])('refuses %j', (more, line) => {
    expect(() => settings(more)).toThrow(UsageError);
    expect(() => settings(more)).toThrow(line);
  });
});
