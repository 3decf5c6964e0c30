/**
 * `npm run release:prepare`: puts what scripts/release/publisher.json says into all files that need
 * it. Ends with 1, and changes nothing, when something is missing.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../node-red'
import { changesFor, readPublisher } from './publisher'

try {
  const changes = changesFor(ROOT, readPublisher(ROOT))
  for (const [path, text] of changes) {
    writeFileSync(join(ROOT, path), text)
    console.log(path)
  }
  console.log(`${changes.size} files changed`)
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
