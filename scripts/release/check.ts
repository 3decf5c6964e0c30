/**
 * `npm run release:check -- <tag>`: ends with 1 and the reasons, unless the tag is that of the version,
 * the changelog has the version, and the values of the publisher are in all files.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../node-red'
import { changesFor, readPublisher } from './publisher'

const [, , tag] = process.argv
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const { version } = JSON.parse(read('package.json')) as { version: string }

const problems: string[] = []
if (tag !== `v${version}`) problems.push(`The tag is ${tag}, but the version is ${version}`)
const headings = read('CHANGELOG.md').match(/^## .*/gm) ?? []
const heading = headings.find((text) => text.split(/[ [\]]+/)[1] === version)
if (!heading) problems.push(`The changelog has no heading for ${version}`)
else if (!/\d{4}-\d\d-\d\d$/.test(heading)) problems.push(`No date in the changelog: ${heading}`)
try {
  const changes = [...changesFor(ROOT, readPublisher(ROOT)).keys()]
  if (changes.length > 0) problems.push(`Run npm run release:prepare for ${changes.join(', ')}`)
} catch (error) {
  problems.push((error as Error).message)
}
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
