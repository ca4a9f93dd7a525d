import { LiveLink, type LinkState } from '../../../src/web/page/live-link';

/** An event stream that the test controls. */
class FakeStream {
  closed = false;
  private readonly listeners = new Map<string, (event: unknown) => void>();

  addEventListener(kind: string, listener: (event: unknown) => void): void {
    this.listeners.set(kind, listener);
  }

  close(): void {
    this.closed = true;
  }

  say(kind: string, message: unknown = {}): void {
    this.listeners.get(kind)?.({ data: JSON.stringify(message) });
  }
}

const setUp = (wantsToken = false) => {
  const streams: FakeStream[] = [];
  const states: LinkState[] = [];
  const messages: unknown[] = [];
  const link = new LiveLink({
    open: () => {
      const stream = new FakeStream();
      streams.push(stream);
      return stream as unknown as EventSource;
    },
    wantsToken: () => Promise.resolve(wantsToken),
    onState: (state) => states.push(state),
    onMessage: (kind, message) => messages.push([kind, message]),
  });
  link.start();
  return { link, streams, states, messages };
};

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

it('is open after the first event, and reports it once', () => {
  const { streams, states, messages } = setUp();
  streams[0]?.say('peers', [1]);
  streams[0]?.say('peers', [2]);
  expect(states).toEqual(['connecting', 'open']);
  expect(messages).toEqual([
    ['peers', [1]],
    ['peers', [2]],
  ]);
});

it('retries with growing delays, and is open again after an event', async () => {
  const { streams, states } = setUp();
  streams[0]?.say('status');
  const waits = [1_000, 2_000, 4_000, 8_000, 8_000];
  for (const [index, ms] of waits.entries()) {
    streams[index]?.say('error');
    expect(streams[index]?.closed).toBe(true);
    await jest.advanceTimersByTimeAsync(ms - 1);
    expect(streams).toHaveLength(index + 1);
    await jest.advanceTimersByTimeAsync(1);
    expect(streams).toHaveLength(index + 2);
  }
  streams.at(-1)?.say('status');
  expect(states).toEqual(['connecting', 'open', ...waits.map(() => 'lost'), 'open']);
});

it('treats silence as a break', async () => {
  const { streams, states } = setUp();
  streams[0]?.say('status');
  await jest.advanceTimersByTimeAsync(9_999);
  expect(states.at(-1)).toBe('open');
  await jest.advanceTimersByTimeAsync(1);
  expect(states.at(-1)).toBe('lost');
  expect(streams[0]?.closed).toBe(true);
});

it('ignores a stream that it gave up', async () => {
  const { streams, states } = setUp();
  streams[0]?.say('error');
  streams[0]?.say('error');
  await jest.advanceTimersByTimeAsync(1_000);
  expect(streams).toHaveLength(2);
  expect(states).toEqual(['connecting', 'lost']);
});

it('reconnects at once when told to while it waits', async () => {
  const { link, streams } = setUp();
  link.hurry();
  expect(streams).toHaveLength(1);
  streams[0]?.say('error');
  await jest.advanceTimersByTimeAsync(0);
  link.hurry();
  expect(streams).toHaveLength(2);
  await jest.advanceTimersByTimeAsync(5_000);
  expect(streams).toHaveLength(2);
});

it('stops if a token is required, until the user comes back', async () => {
  const { link, streams, states } = setUp(true);
  streams[0]?.say('error');
  await jest.advanceTimersByTimeAsync(60_000);
  expect(states).toEqual(['connecting', 'lost', 'signed-out']);
  expect(streams).toHaveLength(1);
  link.hurry();
  streams[1]?.say('status');
  expect(states.at(-1)).toBe('open');
});
