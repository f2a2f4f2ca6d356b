import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles, root } from './repository.ts';

const files = listFiles().filter((path) => existsSync(join(root, path)));

/** Test files may be longer: they are lists of cases. */
const caps = { source: 400, test: 600 } as const;

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

describe('source files', () => {
  const sources = files.filter((path) => /\.(ts|mts|mjs|js)$/.test(path));

  it('are found', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  it('are short enough to be read in one go', () => {
    const isTest = (path: string): boolean => path.endsWith('.test.ts');
    const tooLong = sources
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (isTest(path) ? caps.test : caps.source));
    expect(tooLong).toEqual([]);
  });

  it('are named in kebab-case', () => {
    const pattern = /^(\.?[a-z0-9-]+\/)*[a-z0-9-]+(\.[a-z0-9-]+)*\.(ts|mts|mjs|js)$/;
    expect(sources.filter((path) => !pattern.test(path))).toEqual([]);
  });

  it('carry no unfinished business', () => {
    const marks = new RegExp(
      ['TO', 'FIX', 'XX'].map((start, index) => `\\b${start}${['DO', 'ME', 'X'][index]}\\b`).join('|'),
    );
    expect(sources.filter((path) => marks.test(read(path)))).toEqual([]);
  });
});

describe('the links of the documentation', () => {
  const documents = files.filter((path) => path.endsWith('.md'));

  it.each(documents)('lead somewhere in %s', (document) => {
    const broken = relativeLinks(read(document)).filter(({ path, anchor }) => {
      const target = path === '' ? document : join(dirname(document), path);
      if (!existsSync(resolve(root, target))) return true;
      return anchor !== '' && target.endsWith('.md') && !headingAnchors(read(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** The links of a Markdown text that lead into the repository; what stands in code is no link. */
function relativeLinks(markdown: string): { path: string; anchor: string }[] {
  const prose = markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { path: decodeURIComponent(path), anchor };
    });
}

/** Anchors as GitHub makes them of headings. */
function headingAnchors(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
