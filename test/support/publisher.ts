import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { changesFor, type Publisher } from '../../scripts/release/publisher'

/** A publisher that there is not. */
export const PUBLISHER: Publisher = {
  name: '@shop/node-red-typing-indicator',
  repository: `https://${['github', 'com'].join('.')}/shop/node-red-typing-indicator`,
  securityContact: 'security@example.com',
  codeOwners: '@shop/maintainers',
}

/** Fills a copy of the working tree in for {@link PUBLISHER}. */
export function prepareCopy(copy: string): void {
  const file = join(copy, 'scripts', 'release', 'publisher.json')
  writeFileSync(file, `${JSON.stringify(PUBLISHER, undefined, 2)}\n`)
  for (const [path, text] of changesFor(copy, PUBLISHER)) writeFileSync(join(copy, path), text)
}
