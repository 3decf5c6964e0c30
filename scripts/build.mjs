/**
 * Builds dist/ from nodes/, one folder per node set of package.json's "node-red.nodes":
 * tsc for the runtime (a type error ends the build), esbuild for the editor half, which goes into
 * the .html beside the runtime file, and copies of words and icons; and the page of the phone.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build as bundle } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

/** @type {{ 'node-red': { nodes: Record<string, string> } }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  removeBuild()
  await Promise.all([build(), buildTypes()])
}

/** Removes dist/, in which the output of deleted files would stay. */
export function removeBuild() {
  rmSync('dist', { recursive: true, force: true })
}

/**
 * Builds what Node-RED loads.
 * @param {boolean} incremental whether the compiler remembers in dist/ what it did, for the next time
 * @throws {Error} when every part has ended; compilers print what is wrong themselves
 */
export async function build(incremental = false) {
  /** @param {string} project */
  const options = (project) =>
    incremental ? ['--incremental', '--tsBuildInfoFile', `dist/${project}.tsbuildinfo`] : []
  const parts = await Promise.allSettled([
    ...['build', 'editor'].map((project) => compile(project, options(project))),
    ...Object.values(manifest['node-red'].nodes).map(buildEditorHalf),
    buildPhonePage(),
  ])
  for (const part of parts) if (part.status === 'rejected') throw part.reason
}

/**
 * @param {string} project of tsconfig.<project>.json
 * @param {string[]} options more of the compiler's
 */
async function compile(project, options) {
  const args = [tsc(), '-p', `tsconfig.${project}.json`, ...options]
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit')
  if (code !== 0) throw new Error(`tsconfig.${project}.json does not compile`)
}

/** dist/types.d.ts, for users' TypeScript, and of the other declarations only those that it needs. */
async function buildTypes() {
  const all = mkdtempSync(join(tmpdir(), 'types-'))
  await compile('types', ['--outDir', all])
  const needed = new Set(['types.d.ts'])
  for (const file of needed) {
    cpSync(join(all, file), join('dist', file))
    const imports = /(?:from |import\()['"](\.[^'"]+)['"]/g
    for (const [, path] of readFileSync(join(all, file), 'utf8').matchAll(imports)) {
      needed.add(`${join(dirname(file), `${path}`)}.d.ts`)
    }
  }
  rmSync(all, { recursive: true })
}

/** The compiler that the lock file names. */
function tsc() {
  const manifestPath = createRequire(import.meta.url).resolve('typescript/package.json')
  return join(dirname(manifestPath), 'bin', 'tsc')
}

/**
 * Everything of a node set that the editor loads.
 * @param {string} built path of the built runtime file, e.g. dist/account/account.js
 */
async function buildEditorHalf(built) {
  const folder = dirname(built)
  const source = join('nodes', relative('dist', folder))
  const name = basename(built, '.js')
  const sourcefile = join(source, `${name}.editor.ts`)
  const { outputFiles } = await bundle({
    // Not as an entry point: a file without exports counts as CommonJS there, as package.json says.
    stdin: {
      contents: readFileSync(sourcefile, 'utf8'),
      sourcefile,
      resolveDir: source,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'iife', // several of these share the editor's global scope
    target: 'es2020',
    charset: 'utf8',
  })
  const form = readFileSync(join(source, `${name}.html`), 'utf8')
  const style = readFileSync('nodes/lib/editor/dialog.css', 'utf8')
  const script = outputFiles[0]?.text ?? ''
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, `${name}.html`),
    `<style>\n${style}</style>\n${form}\n<script type="text/javascript">\n${script}</script>\n`,
  )
  cpSync(join(source, 'locales'), join(folder, 'locales'), { recursive: true })
  const icon = join('icons', `${name}.svg`)
  if (existsSync(icon)) cpSync(icon, join(folder, icon))
}

/** The page of the sandbox's phone: three plain files, because its CSP allows nothing inline. */
async function buildPhonePage() {
  const [source, folder] = ['nodes/account/phone/page', 'dist/account/phone/page']
  for (const [from, to] of [
    ['page.editor.ts', 'page.js'],
    ['page.css', 'page.css'],
  ]) {
    const entryPoints = [join(source, `${from}`)]
    const outfile = join(folder, `${to}`)
    await bundle({
      entryPoints,
      outfile,
      bundle: true,
      format: 'iife',
      target: 'es2020',
      charset: 'utf8',
    })
  }
  for (const file of ['page.html', 'icon.svg']) cpSync(join(source, file), join(folder, file))
}
