/** ms that a step may take; the slow work of the examples takes 8 s. */
const PATIENCE = 20_000

/** @throws {Error} that names what did not happen within 20 s */
export async function within<T>(what: string, happened: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const text = `${what} did not come within ${PATIENCE / 1000} s`
    timer = setTimeout(() => reject(new Error(text)), PATIENCE)
  })
  try {
    return await Promise.race([happened, late])
  } finally {
    clearTimeout(timer)
  }
}
