import { COMMAND_NAMES, optionsOf } from '../../src/cli/known-options';
import { main } from '../../src/cli/main';

it('every command has its options in the list of known ones, and no other', async () => {
  const out = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
  const err = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
  try {
    // Shows the overview, and then refuses a call that names no peer.
    await main([]);
    const shown = out.mock.calls.map(([text]) => String(text)).join('');
    const [, listed = ''] = /^Commands:\n([^]*?)\n\n/m.exec(shown) ?? [];
    const commands = [...listed.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = '']) => name);
    expect(commands.toSorted()).toEqual([...COMMAND_NAMES].toSorted());
    for (const name of commands) expect(optionsOf(name)).toContain('data-dir');
  } finally {
    process.exitCode = 0;
    out.mockRestore();
    err.mockRestore();
  }
});
