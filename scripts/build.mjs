/**
 * Builds dist/ from nodes/, one folder per node set of package.json's "node-red.nodes":
 * tsc for the runtime (a type error ends the build), esbuild for the editor half, which goes into
 * the .html beside the runtime file, and copies of words and icons; and the page of the phone.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

/** @type {{ 'node-red': { nodes: Record<string, string> } }} */
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))

rmSync('dist', { recursive: true, force: true })
for (const project of ['tsconfig.build.json', 'tsconfig.editor.json']) {
  execFileSync(process.execPath, [tsc(), '-p', project], { stdio: 'inherit' })
}
for (const built of Object.values(manifest['node-red'].nodes)) {
  await buildEditorHalf(built)
}
await buildPhonePage()

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
  const { outputFiles } = await build({
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
    await build({
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
