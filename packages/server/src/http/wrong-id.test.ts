import { expect, it } from 'vitest';
import { harness } from '../../test/engine/support.js';
import { wrongIds } from './wrong-id.js';

it('says what an id looks like where a path has another text in its place', () => {
  const say = wrongIds(['/stages/{id}/diagnosis', '/policies/{id}', '/hooks/{name}', '/pipelines', '/pipelines/actions/{id}']);
  expect(say('/stages/charge/diagnosis')).toMatch(/^"charge" is no id of a stage\. Ids are decimal numbers/);
  expect(say('/policies/x')).toMatch('no id of a policy');
  expect(say('/pipelines/actions/x')).toMatch('no id of an action');
  expect(say(`/stages/${'x'.repeat(99)}/diagnosis`)).toMatch(/^"x{40}"/);
  expect(say('/stages/charge')).toBeUndefined();
  expect(say('/hooks/a b')).toBeUndefined();
  expect(say('/stages/a/b/diagnosis')).toBeUndefined();
});

it('is what a caller hears, and no stranger', async () => {
  const { send } = await harness();
  const response = await send('GET', '/stages/charge/diagnosis');
  expect([response.status, await response.json()]).toMatchObject([
    404,
    { code: 'not_found', detail: expect.stringContaining('"charge" is no id of a stage') },
  ]);
  const stranger = await send('GET', '/stages/charge/diagnosis', undefined, { authorization: '' });
  expect([stranger.status, await stranger.text()]).toEqual([401, expect.not.stringContaining('decimal')]);
});
