import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { transformSync } from 'esbuild'
import { parse } from 'yaml'
import { ROOT } from '../../scripts/node-red'

type Permissions = Record<string, string>

interface Step {
  uses?: string
  with?: Record<string, unknown>
  run?: string
}

interface Job {
  permissions?: Permissions
  steps?: Step[]
  uses?: string
}

interface Workflow {
  permissions?: Permissions
  on: Record<string, unknown>
  jobs: Record<string, Job>
}

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

const FILES = readdirSync(join(ROOT, '.github', 'workflows'))
const workflows = FILES.map((file) => ({
  file,
  workflow: parse(read('.github', 'workflows', file)) as Workflow,
}))
const jobs = workflows.flatMap(({ file, workflow }) =>
  Object.entries(workflow.jobs).map(([name, job]) => ({ name: `${file}: ${name}`, job })),
)

/** More than reading the source, and which job needs it. */
const MORE_PERMISSIONS: Record<string, Permissions> = {
  'codeql.yml: analyze': { 'security-events': 'write' },
  'release.yml: publish': { 'id-token': 'write' },
}

/** The npm scripts and files of .ci that a shell script or step runs. */
function commandsOf(shell: string): string[] {
  const code = shell.replace(/^\s*#.*$/gm, '')
  const found = code.matchAll(/\bnpm (?:run ([\w:-]+)|(test|start)\b)|\bbash (\.ci\/[\w-]+)/g)
  return [...found].map(([, script, short, file]) => `${script ?? short ?? file}`)
}

describe('the workflows', () => {
  it('are found', () => assert.deepEqual(FILES.sort(), ['ci.yml', 'codeql.yml', 'release.yml']))

  for (const { file, workflow } of workflows) {
    it(`start without a permission in ${file}`, () => assert.deepEqual(workflow.permissions, {}))

    it(`never run a stranger's change with our permissions in ${file}`, () => {
      assert.ok(!('pull_request_target' in workflow.on) && !('workflow_run' in workflow.on))
    })
  }

  for (const { name, job } of jobs) {
    it(`give each job what it needs and no more: ${name}`, () => {
      assert.deepEqual(job.permissions, { contents: 'read', ...MORE_PERMISSIONS[name] })
    })

    it(`use only actions of a known commit, and keep no token: ${name}`, () => {
      for (const { uses, with: options } of job.steps ?? []) {
        if (uses === undefined) continue
        assert.match(uses, /^[\w-]+\/[\w/-]+@[0-9a-f]{40}$/)
        if (uses.startsWith('actions/checkout@'))
          assert.equal(options?.['persist-credentials'], false)
      }
    })

    it(`run only scripts that there are: ${name}`, () => {
      for (const { run = '' } of job.steps ?? []) {
        for (const command of commandsOf(run)) {
          assert.ok(
            command.startsWith('.ci/') ? existsSync(join(ROOT, command)) : scripts[command],
            run,
          )
        }
        // What others write (titles, branches) must not get into a shell.
        for (const [, value] of run.matchAll(/\$\{\{(.*?)\}\}/g))
          assert.match(`${value}`, /^ matrix\./)
      }
    })
  }

  it('name the version of each action, next to its commit', () => {
    for (const file of FILES) {
      for (const [line] of read('.github', 'workflows', file).matchAll(/^.*uses: [^.].*$/gm)) {
        assert.match(line, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      }
    }
  })

  it('run in CI what .ci/run runs, and nothing else', () => {
    const ci = workflows.find(({ file }) => file === 'ci.yml')?.workflow
    const inCi = Object.values(ci?.jobs ?? {}).flatMap(({ steps = [] }) =>
      steps.flatMap(({ run = '' }) => commandsOf(run)),
    )
    const unique = (commands: string[]) => [...new Set(commands)].sort()
    assert.deepEqual(unique(inCi), unique(commandsOf(read('.ci', 'run'))))
  })

  it('use no secret', () => {
    for (const file of FILES) assert.ok(!read('.github', 'workflows', file).includes('secrets.'))
  })
})

describe('the issue forms', () => {
  interface Field {
    type: string
    id?: string
    attributes: { label?: string; description?: string; value?: string }
  }
  const form = (file: string) =>
    parse(read('.github', 'ISSUE_TEMPLATE', file)) as {
      name: string
      description: string
      body: Field[]
    }

  for (const file of ['bug.yml', 'idea.yml']) {
    it(`have a name and fields that can be filled in: ${file}`, () => {
      const { name, description, body } = form(file)
      assert.ok(name && description)
      const fields = body.filter(({ type }) => type !== 'markdown')
      assert.ok(fields.length > 2)
      assert.equal(new Set(fields.map(({ id }) => id)).size, fields.length)
      for (const { id, attributes } of fields) assert.ok(id && attributes.label)
    })
  }

  it('ask for versions, errorId and a flow, and warn of credentials', () => {
    const { body } = form('bug.yml')
    const ids = body.map(({ id }) => id)
    for (const id of ['package', 'node-red', 'node', 'error', 'flow'])
      assert.ok(ids.includes(id), id)
    const text = JSON.stringify(body)
    for (const word of ['errorId', 'credentials', 'SECURITY.md'])
      assert.ok(text.includes(word), word)
  })
})

describe('the coverage', () => {
  it('leaves out no file with code but the editor halves, which a browser runs', () => {
    const { exclude } = JSON.parse(read('.c8rc.json')) as { exclude: string[] }
    const [editor, ...patterns] = exclude
    assert.equal(editor, '**/*.editor.ts')
    const left = readdirSync(join(ROOT, 'nodes'), { recursive: true, encoding: 'utf8' })
      .map((file) => `nodes/${file}`)
      .filter((file) =>
        patterns.some((pattern) => new RegExp(`^${pattern.replace('*', '[^/]*')}$`).test(file)),
      )
    assert.ok(left.length >= patterns.length)
    for (const file of left) {
      assert.equal(transformSync(read(file), { loader: 'ts' }).code, '', file)
    }
  })
})

describe('the dependency updates', () => {
  it('look at npm and at the actions', () => {
    const { updates } = parse(read('.github', 'dependabot.yml')) as {
      updates: { 'package-ecosystem': string }[]
    }
    const ecosystems = updates.map((update) => update['package-ecosystem'])
    assert.deepEqual(ecosystems, ['npm', 'github-actions'])
  })
})
