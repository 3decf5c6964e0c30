import type { EditorNodeProperties } from 'node-red'
import type { EditorNode } from './dialog.editor'

/**
 * Sections of a form (`details`) are closed while they hold defaults. They open by themselves if a
 * value differs from a new node's, or the editor marks one as invalid. A section whose rows are all
 * hidden is hidden.
 * @param prefix of the ids of the form's fields
 */
export function prepareSections<T extends EditorNodeProperties>(
  node: EditorNode<T>,
  defaults: T,
  prefix: 'node-input' | 'node-config-input',
): void {
  const [form] = $(`#${prefix}-name`).closest('.eight-form')
  if (!form) return
  const sections = [...form.querySelectorAll('details')]
  for (const section of sections) {
    section.open = fieldsOf(section, prefix).some((field) => isChanged(node, defaults, field))
  }
  // The editor marks a value by a class, and rows are hidden by their style.
  new MutationObserver(() => sections.forEach(update)).observe(form, {
    attributes: true,
    attributeFilter: ['class', 'style'],
    subtree: true,
  })
  sections.forEach(update)
}

/** The properties whose fields, also hidden ones, are in a section. */
function fieldsOf(section: Element, prefix: string): string[] {
  const ids = [...section.querySelectorAll('[id]')].map(({ id }) => id)
  const own = ids.filter((id) => id.startsWith(`${prefix}-`))
  return own.map((id) => id.slice(prefix.length + 1))
}

function isChanged<T extends EditorNodeProperties>(
  node: EditorNode<T>,
  defaults: T,
  field: string,
): boolean {
  if (!(field in defaults)) return Boolean(node.credentials?.[`has_${field}`])
  const stored = (node as Record<string, unknown>)[field]
  const value = `${defaults[field as keyof T]}`
  return `${stored ?? value}` !== value
}

function update(section: HTMLDetailsElement): void {
  const rows = [...section.querySelectorAll<HTMLElement>('.form-row')]
  const shown = rows.filter(({ style }) => style.display !== 'none')
  section.hidden = shown.length === 0
  if (shown.some((row) => row.querySelector('.input-error'))) section.open = true
}
