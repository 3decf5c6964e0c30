import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PACKAGE } from '../../scripts/node-red'
import { textFiles } from '../../scripts/release/publisher'
import { copyTree } from '../support/copy'
import { PUBLISHER } from '../support/publisher'

/** What a publisher runs, on a copy of the working tree. */
describe('a release', function () {
  this.timeout(60_000)
  let copy: string

  before(async () => {
    copy = await copyTree()
  })

  after(() => rm(copy, { recursive: true, force: true }))

  const read = (path: string) => readFileSync(join(copy, path), 'utf8')
  const write = (path: string, text: string) => writeFileSync(join(copy, path), text)
  const setPublisher = (publisher: object) =>
    write('scripts/release/publisher.json', JSON.stringify(publisher))
  const manifest = () => JSON.parse(read('package.json'))

  function run(script: string, ...args: string[]) {
    const file = join('scripts', 'release', `${script}.ts`)
    const options = { cwd: copy, encoding: 'utf8' } as const
    return spawnSync(process.execPath, ['--import', 'tsx', file, ...args], options)
  }

  it('cannot be published by mistake while nobody has claimed the package', () => {
    assert.equal(manifest().private, true)
    for (const field of ['repository', 'bugs', 'homepage'])
      assert.equal(manifest()[field], undefined)
  })

  for (const [field, wrong] of [
    ['name', 'node-red-typing-indicator'],
    ['repository', `${PUBLISHER.repository}.git`],
    ['securityContact', 'Ana'],
    ['codeOwners', 'maintainers'],
  ] as const) {
    it(`is refused without ${field}, and with one of the wrong form`, () => {
      const before = read('package.json')
      for (const value of ['', undefined, wrong]) {
        setPublisher({ ...PUBLISHER, [field]: value })
        const { status, stderr } = run('prepare')
        assert.equal(status, 1)
        assert.match(stderr, new RegExp(`publisher\\.json: ${field} `))
      }
      assert.equal(read('package.json'), before)
    })
  }

  it('has the values of the publisher in all files', () => {
    setPublisher(PUBLISHER)
    const { status, stderr } = run('prepare')
    assert.equal(stderr, '')
    assert.equal(status, 0)
    const { name, repository, codeOwners, securityContact } = PUBLISHER
    const { private: isPrivate, ...fields } = manifest()
    assert.equal(isPrivate, undefined)
    assert.equal(fields.name, name)
    assert.deepEqual(fields.repository, { type: 'git', url: `git+${repository}.git` })
    assert.deepEqual(fields.bugs, { url: `${repository}/issues` })
    assert.equal(fields.homepage, `${repository}#readme`)
    assert.equal(JSON.parse(read('package-lock.json')).packages[''].name, name)
    assert.equal(read('.github/CODEOWNERS'), `* ${codeOwners}\n`)
    assert.ok(read('SECURITY.md').includes(`in private to ${securityContact}, not in`))
    const [scope] = PACKAGE.split('/')
    for (const file of textFiles(copy)) {
      assert.doesNotMatch(read(file), new RegExp(`${scope?.slice(1)}[/-]`), file)
    }
  })

  it('changes nothing the second time', () => {
    const { stdout } = run('prepare')
    assert.match(stdout, /^0 files changed$/m)
  })

  it('is stopped by a tag or a changelog of another version', () => {
    const changelog = read('CHANGELOG.md')
    const { version } = manifest()
    write('CHANGELOG.md', changelog.replace(/^## .*/m, '## [9.9.9] - 2026-12-01'))
    const { status, stderr } = run('check', 'v9.9.9')
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`The tag is v9\\.9\\.9, but the version is ${version}`))
    assert.match(stderr, new RegExp(`The changelog has no heading for ${version}`))
    write('CHANGELOG.md', changelog.replace(/^## .*/m, `## [${version}] - not released`))
    assert.match(run('check', `v${version}`).stderr, /^No date in the changelog/)
    write('CHANGELOG.md', changelog.replace(/^## .*/m, `## [${version}] - 2026-12-01`))
    assert.equal(run('check', `v${version}`).stderr, '')
  })

  it('is stopped where a value of the publisher has not been put in', () => {
    setPublisher({ ...PUBLISHER, codeOwners: '@ana' })
    const { status, stderr } = run('check', `v${manifest().version}`)
    assert.equal(status, 1)
    assert.equal(stderr, 'Run npm run release:prepare for .github/CODEOWNERS\n')
  })
})
