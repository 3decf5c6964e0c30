import { cp, mkdtemp, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { ROOT } from '../../scripts/node-red'

/** What a copy does without. */
const LEFT_OUT = new Set(['.git', '.dev', 'coverage', 'node_modules'])

/** A copy of the working tree, with its packages linked, for a test to change. The caller removes it. */
export async function copyTree(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), '8x8-copy-'))
  await cp(ROOT, copy, {
    recursive: true,
    filter: (path) => path === ROOT || !LEFT_OUT.has(basename(path)),
  })
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'), 'dir')
  return copy
}
