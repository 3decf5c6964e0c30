import { createRequire } from 'node:module'

/** The hash that Node-RED wants, by the package that it makes it with. */
const bcrypt: { hashSync(text: string, rounds: number): string } = createRequire(
  require.resolve('node-red/red.js'),
)('bcryptjs')

/** A password as Node-RED's settings have it, with few rounds, because nobody attacks it. */
export function hashPassword(text: string): string {
  return bcrypt.hashSync(text, 4)
}
