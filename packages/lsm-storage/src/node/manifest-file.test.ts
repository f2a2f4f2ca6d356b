import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openReplacement } from './manifest-file.ts';
import { edit } from './testing/manifest-edit.ts';
import { temporaryDirectory } from './testing/temporary-directory.ts';

it('makes a manifest for the place of another one whole in its file with each commit, not with its close', async () => {
  await using directory = await temporaryDirectory();
  const manifest = openReplacement(directory.path, 'new');
  await manifest.load();
  await manifest.commit(edit(1, 100));
  const state = await manifest.load();
  await copyFile(join(directory.path, 'new'), join(directory.path, 'copy'));
  const copy = openReplacement(directory.path, 'copy');
  expect(await copy.load()).toEqual(state);
  expect(state.runs).toHaveLength(1);
  await copy.close();
  await manifest.close();
});
