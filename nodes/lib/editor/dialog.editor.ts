import type { EditorNodeDef, EditorNodeInstance, EditorNodeProperties, EditorRED } from 'node-red'
import { isReference } from '../rules'
import type { HttpRoots } from './http-node-url'

/** Fine, or what is wrong with it, in words for a tooltip. */
export type Verdict = true | string

/** A node in the editor. */
export type EditorNode<T extends EditorNodeProperties> = EditorNodeInstance<T> & {
  /** Only after the dialog was opened or the key was set, and only until the next deploy. */
  credentials?: Record<string, unknown>
  /** Has changes that are not deployed. */
  changed?: boolean
}

/** Any node of the flows, with the properties that we use. */
export interface StoredNode extends Record<string, unknown> {
  id: string
  type: string
  /** Has changes that are not deployed. */
  changed?: boolean
  /** To be drawn again. */
  dirty?: boolean
  /** A text of its catalog. */
  _(key: string): string
}

/** Says what is wrong with a value, see `validator` in validate.editor. */
export type Validator<T extends EditorNodeProperties> = (
  this: EditorNode<T>,
  value: string,
  options: object,
) => Verdict

/** A property of a node, with the options of Node-RED 4 that `@types/node-red` lacks. */
interface Property<T extends EditorNodeProperties, V> {
  value: V
  required?: boolean
  /** Type of the config node that the property points to. */
  type?: string
  /** The name of the property in the editor's own error texts. */
  label?: string
  validate?: Validator<T>
}

interface Credential<T extends EditorNodeProperties> {
  type: 'text' | 'password'
  /** Runs only in the dialog: the editor does not validate credentials elsewhere. */
  validate?: Validator<T>
}

interface Definition<T extends EditorNodeProperties>
  extends Omit<EditorNodeDef<T>, 'defaults' | 'credentials'> {
  defaults: { [K in keyof T]: Property<T, T[K]> }
  credentials?: Record<string, Credential<T>>
}

declare global {
  /** The parts of the editor that we use; see `@types/node-red` for all of it. */
  const RED: Pick<EditorRED, '_'> & {
    nodes: {
      registerType<T extends EditorNodeProperties>(type: string, def: Definition<T>): void
      node(id: string): StoredNode | null
      eachNode(visit: (node: StoredNode) => void): void
    }
    settings: {
      /** What the account's runtime half tells the dialogs. */
      '8x8AccountRoots'?: HttpRoots
    }
    notify(message: string, type: 'warning'): void
    events: { on(event: 'nodes:change', listener: (node: StoredNode) => void): void }
    utils: { validateTypedProperty(value: string, type: string, options: object): Verdict }
    /** The nodes whose dialogs are open, one on top of the other. */
    editor: { getEditStack(): object[] }
    /** Also works without a secure context; shows next to the element that it is done. */
    clipboard: { copyText(text: string, element: JQuery, message: string): boolean }
  }
}

/**
 * Cleans the values of a form when it is saved, so that stored values are clean.
 * @param rules how to clean each field
 */
export function cleanFields(prefix: string, rules: Record<string, (text: string) => string>): void {
  for (const [field, clean] of Object.entries(rules)) {
    const input = $(`#${prefix}-${field}`)
    const text = `${input.val() ?? ''}`
    const cleaned = clean(text)
    if (cleaned !== text) input.val(cleaned)
  }
}

/** Whether the dialog of a node is open, so that its form says more than the node does. */
export function isOpen<T extends EditorNodeProperties>(node: EditorNode<T>): boolean {
  return RED.editor.getEditStack().includes(node)
}

/** Shows defaults for properties that a flow, written by hand or by an older version, lacks. */
export function fillIn<T extends object>(node: T, defaults: T, prefix: string): void {
  for (const key of Object.keys(defaults) as (keyof T & string)[]) {
    const value = defaults[key]
    if (value !== '' && node[key] === undefined) $(`#${prefix}-${key}`).val(String(value))
  }
}

/** Lets a select show a reference to an environment variable, which a flow may hold. */
export function keepReference(select: JQuery, value: string | undefined): void {
  if (value && isReference(value)) select.append(new Option(value, value, true, true))
}
